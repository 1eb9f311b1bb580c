-- Checks that the caller holds every permission of a role. A caller can only pass on permissions that they hold there.
--
-- p_organization_id: the organization in which the role is given or changed; null for everywhere.
--
-- Raises: 42501, with the missing permission in DETAIL.
create or replace function tenantry.require_grantable_role(
    p_role_id uuid,
    p_organization_id uuid
) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_permission text;
begin
    foreach v_permission in array (select g.permissions from tenantry.role_grants as g where g.role_id = p_role_id) loop
        perform tenantry.authorize(v_permission, p_organization_id);
    end loop;
end
$$;

comment on function tenantry.require_grantable_role(uuid, uuid) is
    'Raises 42501 unless the caller holds every permission of the role in the organization.';
revoke all on function tenantry.require_grantable_role from public, anon, authenticated, service_role;
