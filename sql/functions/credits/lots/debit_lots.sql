-- Takes the credits of an entry from lots at once, and records the allocations.
--
-- The order: the lot p_first, if given; for a capture (p_hold_created_at given) lots that have expired since the hold
-- was made and that holds keep; then the lots that can be spent, in spending order.
--
-- p_entry: an entry with amount below 0, which the lots cover.
-- Locks: none of its own. The caller holds the account's lock and has settled the account.
create or replace function tenantry.debit_lots(
    p_entry public.credit_transactions,
    p_first uuid default null,
    p_hold_created_at timestamptz default null
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_lot record;
    v_balance integer := p_entry.balance_after - p_entry.amount;
    v_amount integer;
begin
    for v_lot in
        select l.id, l.remaining from tenantry.credit_lots as l
        where l.organization_id = p_entry.organization_id and l.remaining > 0
          and (l.expired_at is null or l.expires_at > p_hold_created_at)
        order by l.id is distinct from p_first, l.expired_at is null, l.expires_at, l.priority, l.entry_number, l.id
    loop
        v_amount := least(v_lot.remaining, v_balance - p_entry.balance_after);
        v_balance := v_balance - v_amount;
        perform tenantry.debit_lot(p_entry, v_lot.id, v_balance, v_amount);
        exit when v_balance = p_entry.balance_after;
    end loop;
end
$$;

comment on function tenantry.debit_lots(public.credit_transactions, uuid, timestamptz) is
    'Takes the entry''s credits from lots at once and records the allocations. Settlement skips such an entry.';
revoke all on function tenantry.debit_lots from public, anon, authenticated, service_role;
