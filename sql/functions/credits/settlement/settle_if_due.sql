-- Settles an organization's account if something has fallen due. Returns the account in its present state.
--
-- Locks: the organization's row, if the account has to be settled.
-- Raises: TN002.
create or replace function tenantry.settle_if_due(p_organization_id uuid) returns public.organizations
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_account public.organizations;
begin
    select * into v_account from public.organizations where id = p_organization_id;
    if not found then
        perform tenantry.fail_not_found('organization', p_organization_id::text);
    elsif v_account.is_active and v_account.credits_settle_at <= tenantry.clock() then
        v_account := tenantry.lock_account(p_organization_id);
    end if;
    return v_account;
end
$$;

comment on function tenantry.settle_if_due(uuid) is
    'Settles the organization''s account if something has fallen due, and returns its row. Raises TN002.';
revoke all on function tenantry.settle_if_due from public, anon, authenticated, service_role;
