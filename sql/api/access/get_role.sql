-- Returns a role by id or name. Runs as the caller.
--
-- Raises: TN001, TN002 (also for a role that the caller cannot see).
-- Callers: any signed-in user, and the service.
create or replace function public.get_role(role text default null) returns public.roles
language sql stable
return tenantry.find_role(role);

comment on function public.get_role(text) is 'The role of that id or name. Raises TN001 (none given), TN002.';
revoke all on function public.get_role from public, anon, authenticated, service_role;
grant execute on function public.get_role to authenticated, service_role;
