-- Creates a permission: a name for an action on a resource.
--
-- Raises: TN001, 23505 (the name, or the resource with that action, is taken), 42501.
-- Callers: holders of roles:manage everywhere.
create or replace function tenantry.create_permission(
    p_name text,
    p_resource text,
    p_action text,
    p_description text
) returns public.permissions
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_permission public.permissions;
begin
    perform tenantry.authorize('roles:manage');
    perform tenantry.require_permission_fields(p_name, p_resource, p_action);
    insert into public.permissions (name, resource, action, description)
    values (p_name, p_resource, p_action, p_description)
    returning * into v_permission;
    return v_permission;
end
$$;

comment on function tenantry.create_permission(text, text, text, text) is
    'Checks roles:manage and the fields, and creates the permission.';
revoke all on function tenantry.create_permission from public, anon, authenticated, service_role;
grant execute on function tenantry.create_permission to authenticated, service_role;

create or replace function public.create_permission(
    name text default null,
    resource text default null,
    action text default null,
    description text default null
) returns public.permissions
language sql volatile
return tenantry.create_permission(name, resource, action, description);

comment on function public.create_permission(text, text, text, text) is
    'Creates a permission. resource, action: a word of lower case letters, digits and _, or * for all. name: unique,'
    ' by convention resource:action. Raises TN001, 23505 (taken), 42501.';
revoke all on function public.create_permission from public, anon, authenticated, service_role;
grant execute on function public.create_permission to authenticated, service_role;
