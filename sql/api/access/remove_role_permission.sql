-- Removes a permission from a role.
--
-- Locks: the role's row.
-- Raises: TN001, TN002 (also if the role does not hold it), TN021 (system role), 42501.
-- Callers: holders of roles:manage in the role's organization, or everywhere for a global role. They hold the
-- permission there, too.
create or replace function tenantry.remove_role_permission(
    p_role text,
    p_permission text
) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_role public.roles;
    v_permission public.permissions;
begin
    v_role := tenantry.lock_role(p_role);
    v_permission := tenantry.find_permission(p_permission);
    -- A caller can only take a permission from others that they could give.
    perform tenantry.authorize(v_permission.resource || ':' || v_permission.action, v_role.organization_id);
    delete from public.role_permissions as rp
    where rp.role_id = v_role.id and rp.permission_id = v_permission.id;
    if not found then
        perform tenantry.fail_not_found('role_permission', v_permission.name);
    end if;
end
$$;

comment on function tenantry.remove_role_permission(text, text) is
    'Checks roles:manage and that the caller holds the permission, and removes it from the role.';
revoke all on function tenantry.remove_role_permission from public, anon, authenticated, service_role;
grant execute on function tenantry.remove_role_permission to authenticated, service_role;

create or replace function public.remove_role_permission(
    role text default null,
    permission text default null
) returns void
language sql volatile
begin atomic
    select tenantry.remove_role_permission(role, permission);
end;

comment on function public.remove_role_permission(text, text) is
    'Removes a permission from a role. role, permission: id or name. Raises TN001, TN002, TN021 (system role), 42501.';
revoke all on function public.remove_role_permission from public, anon, authenticated, service_role;
grant execute on function public.remove_role_permission to authenticated, service_role;
