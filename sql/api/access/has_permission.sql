-- Returns whether the caller holds a permission. This function is for single checks; policies on large tables call
-- organizations_with() instead.
--
-- Callers: any signed-in user, and the service.
create or replace function public.has_permission(organization_id uuid, permission text) returns boolean
language sql stable
return tenantry.is_authorized(permission, organization_id);

comment on function public.has_permission(uuid, text) is
    'Whether the caller holds the permission (resource:action) in the organization, or everywhere if it is null.';
revoke all on function public.has_permission from public, anon, authenticated, service_role;
grant execute on function public.has_permission to authenticated, service_role;
