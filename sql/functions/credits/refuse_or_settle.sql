-- Why an account did not allow to spend or hold an amount: raises the reason, or settles what has fallen due. Returns
-- when it is worth trying again.
--
-- Locks: the organization's row, if it has to be settled.
-- Raises TN002, TN009 (insufficient credits), TN012 (organization inactive).
create or replace function tenantry.refuse_or_settle(p_organization_id uuid, p_amount integer) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_account public.organizations;
begin
    select * into v_account from public.organizations where id = p_organization_id;
    if not found then
        perform tenantry.fail_not_found('organization', p_organization_id::text);
    elsif not v_account.is_active then
        perform tenantry.fail_organization_inactive(p_organization_id);
    elsif v_account.credits_settle_at <= tenantry.clock() then
        v_account := tenantry.lock_account(p_organization_id);
    end if;
    if v_account.credit_balance - v_account.credits_reserved < p_amount then
        perform tenantry.fail_insufficient(v_account, p_amount);
    end if;
end
$$;

comment on function tenantry.refuse_or_settle(uuid, integer) is
    'Raises why the account does not allow to spend the amount, or settles it and returns: try again.';
revoke all on function tenantry.refuse_or_settle from public, anon, authenticated, service_role;
