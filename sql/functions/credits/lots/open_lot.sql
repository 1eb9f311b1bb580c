-- Adds credits: writes an entry and opens its lot.
--
-- p_entry: as for append_entry(), amount above 0. The lot is purchased if the entry is, and earned otherwise.
-- p_priority: null for 0.
-- p_at: the time of the entry.
-- Returns the entry.
-- Locks: none of its own. The caller holds the account's lock, has settled it and has checked the range of the balance.
create or replace function tenantry.open_lot(
    p_entry public.credit_transactions,
    p_priority integer,
    p_at timestamptz
) returns public.credit_transactions
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_entry public.credit_transactions;
begin
    v_entry := tenantry.append_entry(p_entry, p_at);
    insert into tenantry.credit_lots (
        organization_id, id, transaction_type, source, source_id, amount, remaining, priority,
        effective_at, expires_at, entry_number
    )
    values (
        v_entry.organization_id, v_entry.id,
        case when v_entry.transaction_type = 'purchased' then 'purchased' else 'earned' end,
        v_entry.source, v_entry.source_id, v_entry.amount, v_entry.amount, coalesce(p_priority, 0), v_entry.created_at,
        coalesce(v_entry.expires_at, 'infinity'), v_entry.entry_number
    );
    if v_entry.expires_at is not null then
        perform tenantry.schedule_settlement(v_entry.organization_id);
    end if;
    return v_entry;
end
$$;

comment on function tenantry.open_lot(public.credit_transactions, integer, timestamptz) is
    'Writes an entry that adds credits and opens its lot. The caller holds the account''s lock.';
revoke all on function tenantry.open_lot from public, anon, authenticated, service_role;
