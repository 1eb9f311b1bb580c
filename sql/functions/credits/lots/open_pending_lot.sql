-- Adds credits from a later moment on: a pending lot, whose entry is written when its time has come.
--
-- p_entry: as for open_lot(). p_priority: null for 0. p_effective_at: the moment, in the future. The caller holds the
-- account's lock, has settled it and checked the range.
create or replace function tenantry.open_pending_lot(
    p_entry public.credit_transactions,
    p_priority integer,
    p_effective_at timestamptz
) returns tenantry.credit_lots
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_lot tenantry.credit_lots;
begin
    insert into tenantry.credit_lots (
        organization_id, id, transaction_type, source, source_id, amount, remaining, priority, effective_at,
        expires_at, stripe_payment_intent_id, description, metadata, idempotency_key
    )
    values (
        p_entry.organization_id, tenantry.uuid_v7(), p_entry.transaction_type, p_entry.source, p_entry.source_id,
        p_entry.amount, p_entry.amount, coalesce(p_priority, 0), p_effective_at,
        coalesce(p_entry.expires_at, 'infinity'), p_entry.stripe_payment_intent_id, p_entry.description,
        p_entry.metadata, p_entry.idempotency_key
    )
    returning * into v_lot;
    perform tenantry.schedule_settlement(p_entry.organization_id);
    return v_lot;
end
$$;

comment on function tenantry.open_pending_lot(public.credit_transactions, integer, timestamptz) is
    'Opens a lot that takes effect later. The caller holds the lock.';
revoke all on function tenantry.open_pending_lot from public, anon, authenticated, service_role;
