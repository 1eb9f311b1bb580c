-- Deletes a role, and removes it from every user.
--
-- Locks: the role's row.
-- Raises: TN001, TN002, TN021 (system role), 42501.
-- Callers: holders of roles:manage in the role's organization, or everywhere for a global role. They hold every
-- permission of the role, too.
create or replace function tenantry.delete_role(
    p_role text
) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_role public.roles;
begin
    v_role := tenantry.lock_role(p_role);
    -- A caller can only take a permission from others that they could give.
    perform tenantry.require_grantable_role(v_role.id, v_role.organization_id);
    -- Before the role, because the audit log reads the role's organization.
    delete from public.role_permissions where role_id = v_role.id;
    delete from public.roles where id = v_role.id;
end
$$;

comment on function tenantry.delete_role(text) is
    'Checks roles:manage and the permissions of the role, and deletes it.';
revoke all on function tenantry.delete_role from public, anon, authenticated, service_role;
grant execute on function tenantry.delete_role to authenticated, service_role;

create or replace function public.delete_role(
    role text default null
) returns void
language sql volatile
begin atomic
    select tenantry.delete_role(role);
end;

comment on function public.delete_role(text) is
    'Deletes the role of that id or name, its permissions and its assignments. Raises TN001, TN002, TN021 (system'
    ' role), 42501.';
revoke all on function public.delete_role from public, anon, authenticated, service_role;
grant execute on function public.delete_role to authenticated, service_role;
