-- Builds the public form of a lot.
--
-- p_remaining: credits that remain of the lot at p_at. p_at: the moment that the state is for.
create or replace function tenantry.present_lot(p_lot tenantry.credit_lots, p_remaining integer, p_at timestamptz)
returns public.credit_lot
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_lot public.credit_lot;
begin
    v_lot.id := p_lot.id;
    v_lot.organization_id := p_lot.organization_id;
    v_lot.transaction_type := p_lot.transaction_type;
    v_lot.source := p_lot.source;
    v_lot.source_id := p_lot.source_id;
    v_lot.amount := p_lot.amount;
    v_lot.remaining := p_remaining;
    v_lot.priority := p_lot.priority;
    v_lot.effective_at := p_lot.effective_at;
    v_lot.expires_at := nullif(p_lot.expires_at, 'infinity');
    v_lot.entry_number := p_lot.entry_number;
    v_lot.state := case
        when p_lot.effective_at > p_at then 'pending'
        when p_remaining = 0 and p_lot.expires_at <= p_at then 'expired'
        when p_remaining = 0 then 'spent'
        else 'active'
    end;
    return v_lot;
end
$$;

comment on function tenantry.present_lot(tenantry.credit_lots, integer, timestamptz) is
    'Builds the public form of a lot, with its state at a moment.';
revoke all on function tenantry.present_lot from public, anon, authenticated, service_role;
