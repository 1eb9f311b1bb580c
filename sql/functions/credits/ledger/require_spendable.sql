-- Refuses to spend or hold an amount that an account does not allow; otherwise does nothing.
--
-- p_account: the row, read before the caller looked for a replay for the last time: a replay that emptied the account
-- is then found, and not refused for want of the credits that it spent itself.
-- Raises TN009 (insufficient credits), TN012 (organization inactive).
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
    'Raises why the account does not allow to spend the amount, if it does not: TN009, TN012.';
revoke all on function tenantry.require_spendable from public, anon, authenticated, service_role;
