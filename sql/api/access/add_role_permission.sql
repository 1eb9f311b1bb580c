-- Gives a role a permission. The caller must hold the permission in the role's organization, or everywhere for a global
-- role. A repeated call changes nothing.
--
-- Locks: the role's row.
-- Raises: TN001, TN002, TN021 (system role), 42501.
-- Callers: holders of roles:manage in the role's organization, or everywhere for a global role.
create or replace function tenantry.add_role_permission(
    p_role text,
    p_permission text
) returns public.role_permissions
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_role public.roles;
    v_permission public.permissions;
    v_held public.role_permissions;
begin
    v_role := tenantry.lock_role(p_role);
    v_permission := tenantry.find_permission(p_permission);
    perform tenantry.authorize(v_permission.resource || ':' || v_permission.action, v_role.organization_id);
    insert into public.role_permissions (role_id, permission_id)
    values (v_role.id, v_permission.id)
    on conflict (role_id, permission_id) do nothing;
    select * into v_held from public.role_permissions as rp
    where rp.role_id = v_role.id and rp.permission_id = v_permission.id;
    return v_held;
end
$$;

comment on function tenantry.add_role_permission(text, text) is
    'Checks roles:manage and that the caller holds the permission, and gives it to the role.';
revoke all on function tenantry.add_role_permission from public, anon, authenticated, service_role;
grant execute on function tenantry.add_role_permission to authenticated, service_role;

create or replace function public.add_role_permission(
    role text default null,
    permission text default null
) returns public.role_permissions
language sql volatile
return tenantry.add_role_permission(role, permission);

comment on function public.add_role_permission(text, text) is
    'Gives a role a permission that the caller holds. role, permission: id or name.'
    ' Raises TN001, TN002, TN021 (system role), 42501.';
revoke all on function public.add_role_permission from public, anon, authenticated, service_role;
grant execute on function public.add_role_permission to authenticated, service_role;
