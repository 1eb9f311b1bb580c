-- Locks an organization's account and settles it, for an operation that changes lots or holds.
--
-- Returns the settled row.
-- Locks: the organization's row, and after it its lots and holds, which no transaction locks without it.
-- Raises: TN001 (no organization), TN002.
create or replace function tenantry.lock_account(p_organization_id uuid) returns public.organizations
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_account public.organizations;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    select * into v_account from public.organizations where id = p_organization_id for no key update;
    if not found then
        perform tenantry.fail_not_found('organization', p_organization_id::text);
    end if;
    return tenantry.settle_account(v_account);
end
$$;

comment on function tenantry.lock_account(uuid) is
    'Locks and settles the organization''s account. Raises TN001, TN002.';
revoke all on function tenantry.lock_account from public, anon, authenticated, service_role;
