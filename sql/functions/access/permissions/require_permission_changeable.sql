-- Checks that no system role holds a permission. The permissions of system roles cannot be changed.
--
-- Raises: TN021.
create or replace function tenantry.require_permission_changeable(
    p_permission_id uuid
) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (
        select from public.role_permissions as rp
        join public.roles as r on r.id = rp.role_id
        where rp.permission_id = p_permission_id and r.is_system_role
    ) then
        perform tenantry.fail(
            'TN021', 'a system role holds this permission, so it cannot be changed or deleted',
            jsonb_build_object('permission_id', p_permission_id));
    end if;
end
$$;

comment on function tenantry.require_permission_changeable(uuid) is
    'Raises TN021 if a system role holds the permission.';
revoke all on function tenantry.require_permission_changeable from public, anon, authenticated, service_role;
