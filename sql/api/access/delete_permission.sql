-- Deletes a permission, and removes it from every role.
--
-- Raises: TN001, TN002, TN021 (a system role holds it), 42501.
-- Callers: holders of roles:manage and of the permission, both everywhere.
create or replace function tenantry.delete_permission(
    p_permission text
) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_permission public.permissions;
begin
    perform tenantry.authorize('roles:manage');
    v_permission := tenantry.find_permission(p_permission);
    perform tenantry.require_permission_changeable(v_permission.id);
    -- A caller can only take a permission from others that they could give.
    perform tenantry.authorize(v_permission.resource || ':' || v_permission.action);
    delete from public.permissions where id = v_permission.id;
end
$$;

comment on function tenantry.delete_permission(text) is
    'Checks roles:manage, the permission itself and the system roles, and deletes the permission.';
revoke all on function tenantry.delete_permission from public, anon, authenticated, service_role;
grant execute on function tenantry.delete_permission to authenticated, service_role;

create or replace function public.delete_permission(
    permission text default null
) returns void
language sql volatile
begin atomic
    select tenantry.delete_permission(permission);
end;

comment on function public.delete_permission(text) is
    'Deletes the permission of that id or name and removes it from every role. Raises TN001, TN002, TN021 (a system'
    ' role holds it), 42501.';
revoke all on function public.delete_permission from public, anon, authenticated, service_role;
grant execute on function public.delete_permission to authenticated, service_role;
