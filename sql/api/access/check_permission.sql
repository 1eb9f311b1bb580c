-- Returns whether a user holds a permission in an organization, or everywhere. For another user, the roles count that
-- the caller can see: the roles in that organization and, for a caller with members:read everywhere, the global roles.
--
-- Raises: TN001, 42501 (for another user without members:read there).
-- Callers: any signed-in user for themselves; holders of members:read there for other users.
create or replace function tenantry.check_permission(
    p_organization_id uuid,
    p_permission text,
    p_user_id uuid
) returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_user uuid;
    v_everywhere boolean;
begin
    perform tenantry.require_permission_name(p_permission);
    v_user := tenantry.resolve_user(p_user_id, p_organization_id);
    v_everywhere := tenantry.is_global_role_visible(v_user);
    return tenantry.user_has_permission(v_user, p_permission, p_organization_id, v_everywhere);
end
$$;

comment on function tenantry.check_permission(uuid, text, uuid) is
    'Checks that the caller may ask for the user, and returns whether that user holds the permission.';
revoke all on function tenantry.check_permission from public, anon, authenticated, service_role;
grant execute on function tenantry.check_permission to authenticated, service_role;

create or replace function public.check_permission(
    organization_id uuid default null,
    permission text default null,
    user_id uuid default null
) returns boolean
language sql stable
return tenantry.check_permission(organization_id, permission, user_id);

comment on function public.check_permission(uuid, text, uuid) is
    'Whether a user (the caller unless given) holds the permission (resource:action) in the organization, or'
    ' everywhere without one. Raises TN001, 42501.';
revoke all on function public.check_permission from public, anon, authenticated, service_role;
grant execute on function public.check_permission to authenticated, service_role;
