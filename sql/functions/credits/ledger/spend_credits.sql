-- Writes a consumption, or returns the entry that its request_id made before.
--
-- Each round first tries to write. If the account does not allow the entry, the round looks for a replay, settles the
-- account if something is due, and starts the next round. A later round refuses the consumption (TN009, TN012) if the
-- account of the round before does not allow it. The first round never refuses for the account, because it has not read
-- the account yet.
--
-- p_entry: the consumption, as for append_consumption().
-- p_event_is_active: whether the credit event of p_entry may be charged.
-- Locks: the organization's row.
-- Raises: TN002, TN009, TN011, TN012, TN013. It checks no permission.
-- Callers: functions that have checked the caller's permission.
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
            v_entry := tenantry.append_consumption(p_entry);
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
        v_account := tenantry.settle_if_due(p_entry.organization_id);
    end loop;
end
$$;

comment on function tenantry.spend_credits(public.credit_transactions, boolean) is
    'Writes a consumption or returns its replay. Raises TN002, TN009, TN011, TN012, TN013.';
revoke all on function tenantry.spend_credits from public, anon, authenticated, service_role;
