-- Returns a permission by id or name. Runs as the caller.
--
-- Raises: TN001, TN002.
-- Callers: any signed-in user, and the service.
create or replace function public.get_permission(permission text default null) returns public.permissions
language sql stable
return tenantry.find_permission(permission);

comment on function public.get_permission(text) is
    'The permission of that id or name. Raises TN001 (none given), TN002.';
revoke all on function public.get_permission from public, anon, authenticated, service_role;
grant execute on function public.get_permission to authenticated, service_role;
