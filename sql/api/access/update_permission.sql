-- Changes a permission that no system role holds. The change counts at once for every user who holds the permission.
--
-- Locks: the permission's row.
-- Raises: TN001, TN002, TN021 (a system role holds it), 23505, 42501.
-- Callers: holders of roles:manage everywhere. A new resource or action also takes the old and the new permission.
create or replace function tenantry.update_permission(
    p_permission text,
    p_name text,
    p_resource text,
    p_action text,
    p_description text,
    p_update_mask text[]
) returns public.permissions
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_changes jsonb;
    v_new jsonb;
    v_permission public.permissions;
begin
    perform tenantry.authorize('roles:manage');
    v_changes := tenantry.masked_values(p_update_mask, jsonb_build_object(
        'name', p_name, 'resource', p_resource, 'action', p_action, 'description', p_description));
    v_permission := tenantry.find_permission(p_permission);
    perform tenantry.require_permission_changeable(v_permission.id);
    select * into v_permission from public.permissions where id = v_permission.id for no key update;
    if not found then
        -- Another transaction has deleted it meanwhile.
        perform tenantry.fail_not_found('permission', p_permission);
    end if;
    -- Before the values become a row: a column's limit would not name the field.
    v_new := to_jsonb(v_permission) || v_changes;
    perform tenantry.require_permission_fields(v_new ->> 'name', v_new ->> 'resource', v_new ->> 'action');
    -- Otherwise a caller could turn a permission that they hold into one that they lack, or take from other users a
    -- permission that they could not give.
    if v_changes ?| array['resource', 'action'] then
        perform tenantry.authorize(v_permission.resource || ':' || v_permission.action);
        perform tenantry.authorize((v_new ->> 'resource') || ':' || (v_new ->> 'action'));
    end if;
    v_permission := jsonb_populate_record(v_permission, v_changes);
    update public.permissions
    set name = v_permission.name,
        resource = v_permission.resource,
        action = v_permission.action,
        description = v_permission.description
    where id = v_permission.id
    returning * into v_permission;
    return v_permission;
end
$$;

comment on function tenantry.update_permission(text, text, text, text, text, text[]) is
    'Checks roles:manage, the system roles and the fields, and updates the permission.';
revoke all on function tenantry.update_permission from public, anon, authenticated, service_role;
grant execute on function tenantry.update_permission to authenticated, service_role;

create or replace function public.update_permission(
    permission text default null,
    name text default null,
    resource text default null,
    action text default null,
    description text default null,
    update_mask text[] default null
) returns public.permissions
language sql volatile
return tenantry.update_permission(permission, name, resource, action, description, update_mask);

comment on function public.update_permission(text, text, text, text, text, text[]) is
    'Changes a permission. permission: id or name. update_mask: the fields to set; without a mask, the fields that'
    ' have a value. Raises TN001, TN002, TN021 (a system role holds it), 23505 (taken), 42501.';
revoke all on function public.update_permission from public, anon, authenticated, service_role;
grant execute on function public.update_permission to authenticated, service_role;
