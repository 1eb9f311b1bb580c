-- Writes a consumption, or returns the entry that its idempotency key made before.
--
-- The entry is written straight away where the account allows it. Only where it does not is it asked why: something
-- to settle first, a replay that came in between, or a reason to refuse.
--
-- p_entry: as for append_entry(), amount below 0. p_event_is_active: whether its credit event may be charged.
-- Locks: the organization's row. Raises TN002, TN009, TN011, TN012, TN013. Asks for no permission: its callers do.
create or replace function tenantry.spend_credits(
    p_entry public.credit_transactions,
    p_event_is_active boolean
) returns public.credit_transactions
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_entry public.credit_transactions;
    v_account public.organizations;
begin
    loop
        if p_event_is_active then
            v_entry := tenantry.append_entry(p_entry);
            if v_entry.id is not null then
                return v_entry;
            end if;
        end if;
        v_entry := tenantry.find_replayed_entry(p_entry);
        if v_entry.id is not null then
            return v_entry;
        elsif not p_event_is_active then
            perform tenantry.fail_credit_event_inactive(p_entry.credit_event_id);
        elsif v_account.id is not null then
            perform tenantry.require_spendable(v_account, - p_entry.amount);
        end if;
        v_account := tenantry.find_current_account(p_entry.organization_id);
    end loop;
end
$$;

comment on function tenantry.spend_credits(public.credit_transactions, boolean) is
    'Writes a consumption or returns its replay. Raises TN002, TN009, TN011, TN012, TN013.';
revoke all on function tenantry.spend_credits from public, anon, authenticated, service_role;
