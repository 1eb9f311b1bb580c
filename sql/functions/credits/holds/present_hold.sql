-- Builds the public form of a hold. After its time a hold is lapsed, whether or not the account was settled.
--
-- p_at: the moment that the state is for.
create or replace function tenantry.present_hold(p_hold tenantry.credit_holds, p_at timestamptz)
returns public.credit_hold
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_hold public.credit_hold;
begin
    v_hold.id := p_hold.id;
    v_hold.organization_id := p_hold.organization_id;
    v_hold.amount := p_hold.amount;
    -- A hold that lapsed keeps the number of credits that it held then.
    v_hold.remaining := case when p_hold.state = 'active' and p_hold.expires_at > p_at then p_hold.remaining else 0 end;
    v_hold.captured := p_hold.captured;
    v_hold.credit_event_id := p_hold.credit_event_id;
    v_hold.quantity := p_hold.quantity;
    v_hold.description := p_hold.description;
    v_hold.metadata := p_hold.metadata;
    v_hold.idempotency_key := p_hold.idempotency_key;
    v_hold.created_at := p_hold.created_at;
    v_hold.expires_at := p_hold.expires_at;
    v_hold.ended_at := p_hold.ended_at;
    v_hold.state := p_hold.state;
    if p_hold.state = 'active' and p_hold.expires_at <= p_at then
        v_hold.ended_at := p_hold.expires_at;
        v_hold.state := 'lapsed';
    end if;
    return v_hold;
end
$$;

comment on function tenantry.present_hold(tenantry.credit_holds, timestamptz) is
    'Builds the public form of a hold, with its state at a moment.';
revoke all on function tenantry.present_hold from public, anon, authenticated, service_role;
