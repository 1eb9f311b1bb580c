-- A hold as callers see it: one whose time has passed is lapsed, whether or not it was settled.
create or replace function tenantry.present_hold(p_hold tenantry.credit_holds, p_at timestamptz)
returns public.credit_hold
language sql stable
return row(
    p_hold.id, p_hold.organization_id, p_hold.amount,
    case when p_hold.state = 'active' and p_hold.expires_at > p_at then p_hold.remaining else 0 end,
    p_hold.captured, p_hold.credit_event_id, p_hold.quantity, p_hold.description, p_hold.metadata,
    p_hold.idempotency_key, p_hold.created_at, p_hold.expires_at,
    case when p_hold.state = 'active' and p_hold.expires_at <= p_at then p_hold.expires_at else p_hold.ended_at end,
    case when p_hold.state = 'active' and p_hold.expires_at <= p_at then 'lapsed' else p_hold.state end
)::public.credit_hold;

comment on function tenantry.present_hold(tenantry.credit_holds, timestamptz) is
    'The hold as callers see it, at a moment.';
revoke all on function tenantry.present_hold from public, anon, authenticated, service_role;
