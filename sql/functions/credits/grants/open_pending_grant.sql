-- Adds a pending grant: credits from a later moment on. apply_pending_grant() writes the entry and the lot then.
--
-- p_entry: the entry that the grant becomes, as for open_lot().
-- p_priority: null for 0.
-- p_effective_at: the moment, in the future.
-- Returns the id of the grant, which becomes the id of its entry and its lot.
-- Locks: none of its own. The caller holds the account's lock, has settled it and has checked the range of the balance.
create or replace function tenantry.open_pending_grant(
    p_entry public.credit_transactions,
    p_priority integer,
    p_effective_at timestamptz
) returns uuid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_id constant uuid := tenantry.uuid_v7();
begin
    insert into tenantry.pending_grants (
        organization_id, id, transaction_type, source, source_id, amount, priority, effective_at, expires_at,
        stripe_payment_intent_id, description, metadata
    )
    values (
        p_entry.organization_id, v_id, p_entry.transaction_type, p_entry.source, p_entry.source_id, p_entry.amount,
        coalesce(p_priority, 0), p_effective_at, coalesce(p_entry.expires_at, 'infinity'),
        p_entry.stripe_payment_intent_id, p_entry.description, p_entry.metadata
    );
    perform tenantry.schedule_settlement(p_entry.organization_id);
    return v_id;
end
$$;

comment on function tenantry.open_pending_grant(public.credit_transactions, integer, timestamptz) is
    'Adds a grant that takes effect later. The caller holds the account''s lock.';
revoke all on function tenantry.open_pending_grant from public, anon, authenticated, service_role;
