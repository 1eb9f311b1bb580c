-- Takes credits of one lot for one entry, and records the allocation.
--
-- p_balance: the balance after this lot's credits are taken. For an entry with one lot it is the entry's balance_after.
-- p_amount: credits, above 0.
-- Locks: none of its own. The caller holds the account's lock.
create or replace function tenantry.debit_lot(
    p_entry public.credit_transactions,
    p_lot_id uuid,
    p_balance integer,
    p_amount integer
) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
    insert into tenantry.credit_allocations (
        organization_id, lot_id, from_entry, to_entry, balance_from, balance_to
    )
    values (
        p_entry.organization_id, p_lot_id, p_entry.entry_number, p_entry.entry_number,
        p_balance, p_balance + p_amount
    );
    update tenantry.credit_lots
    set remaining = remaining - p_amount
    where organization_id = p_entry.organization_id and id = p_lot_id;
end;

comment on function tenantry.debit_lot(public.credit_transactions, uuid, integer, integer) is
    'Takes credits of one lot for one entry, and records the allocation.';
revoke all on function tenantry.debit_lot from public, anon, authenticated, service_role;
