-- Returns whether an operator erases or has erased the organization; see erase_organization().
create or replace function tenantry.is_erased(p_organization_id uuid) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select exists (
        select from tenantry.erasures as e
        where e.organization_id = p_organization_id
    );
end;

comment on function tenantry.is_erased(uuid) is 'Whether an operator erases or has erased the organization.';
revoke all on function tenantry.is_erased from public, anon, authenticated, service_role;
