-- A lot as callers see it.
create or replace function tenantry.present_lot(p_lot tenantry.credit_lots, p_at timestamptz) returns public.credit_lot
language sql stable
return row(
    p_lot.id, p_lot.organization_id, p_lot.transaction_type, p_lot.source, p_lot.source_id, p_lot.amount,
    p_lot.remaining, p_lot.priority, p_lot.effective_at, nullif(p_lot.expires_at, 'infinity'), p_lot.entry_number,
    case
        when p_lot.effective_at > p_at then 'pending'
        when p_lot.remaining = 0 and p_lot.expires_at <= p_at then 'expired'
        when p_lot.remaining = 0 then 'spent'
        else 'active'
    end
)::public.credit_lot;

comment on function tenantry.present_lot(tenantry.credit_lots, timestamptz) is
    'The lot as callers see it, at a moment.';
revoke all on function tenantry.present_lot from public, anon, authenticated, service_role;
