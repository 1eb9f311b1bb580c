-- Returns the number of the last entry in an organization's sums of consumption; 0 before the first. If more than 5,000
-- entries are missing, the function sums them up first, unless the transaction is read-only.
--
-- Locks: the organization's row of credit_usage_progress, if it sums up.
-- Callers: get_credit_usage(), estimate_runway(). They read the entries after this number themselves.
create or replace function tenantry.last_summed_entry(p_account public.organizations) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    c_many constant bigint := 5000;
begin
    if p_account.credits_entry_number - tenantry.summed_entry(p_account.id) > c_many
        and current_setting('transaction_read_only') = 'off'
    then
        perform tenantry.sum_up_usage(p_account.id);
    end if;
    return tenantry.summed_entry(p_account.id);
end
$$;

comment on function tenantry.last_summed_entry(public.organizations) is
    'Number of the last entry in the organization''s sums of consumption; sums up first if many entries are missing.';
revoke all on function tenantry.last_summed_entry from public, anon, authenticated, service_role;
