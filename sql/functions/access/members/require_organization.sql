-- Checks that an organization exists.
--
-- Raises: TN002.
-- Callers: definer functions that have authorized their caller, because other callers must not learn which ids exist.
create or replace function tenantry.require_organization(p_organization_id uuid) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from public.organizations as o where o.id = p_organization_id) then
        perform tenantry.fail_not_found('organization', p_organization_id::text);
    end if;
end
$$;

comment on function tenantry.require_organization(uuid) is 'Raises TN002 unless there is an organization of that id.';
revoke all on function tenantry.require_organization from public, anon, authenticated, service_role;
