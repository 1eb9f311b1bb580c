-- Finds a permission by id or by name, among the permissions that the caller can see.
--
-- Raises: TN001 without a name, TN002.
create or replace function tenantry.find_permission(
    p_permission text
) returns public.permissions
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_permission public.permissions;
begin
    if coalesce(p_permission, '') = '' then
        perform tenantry.fail_invalid('permission', 'is required');
    end if;
    select * into v_permission
    from public.permissions as p
    where p.name = p_permission or p.id = case when tenantry.is_uuid(p_permission) then p_permission::uuid end;
    if not found then
        perform tenantry.fail_not_found('permission', p_permission);
    end if;
    return v_permission;
end
$$;

comment on function tenantry.find_permission(text) is
    'The permission of that id or name. Raises TN001 (none given), TN002.';
revoke all on function tenantry.find_permission from public, anon, authenticated, service_role;
grant execute on function tenantry.find_permission to authenticated, service_role;
