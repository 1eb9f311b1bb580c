-- Raises an error if the account does not allow the caller to spend or hold an amount: TN009 (insufficient credits) or
-- TN012 (organization inactive).
--
-- p_account: the row as it was before the caller's last search for a replay. A replay that emptied the account is then
-- found, and not refused for want of the credits that it spent itself.
create or replace function tenantry.require_spendable(p_account public.organizations, p_amount integer) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if not p_account.is_active then
        perform tenantry.fail_organization_inactive(p_account.id);
    elsif p_account.credit_balance - p_account.credits_reserved < p_amount then
        perform tenantry.fail_insufficient_credits(p_account, p_amount);
    end if;
end
$$;

comment on function tenantry.require_spendable(public.organizations, integer) is
    'Raises TN009 or TN012 if the account does not allow to spend the amount.';
revoke all on function tenantry.require_spendable from public, anon, authenticated, service_role;
