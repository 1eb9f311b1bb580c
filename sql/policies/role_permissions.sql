-- Direct access to public.role_permissions: users read the permissions of the roles that they see. Only functions
-- write it.
revoke all on public.role_permissions from public, anon, authenticated, service_role;
grant select on public.role_permissions to authenticated, service_role;

drop policy if exists users_read on public.role_permissions;
create policy users_read on public.role_permissions for select to authenticated
using (role_id in (select r.id from public.roles as r));

drop policy if exists service on public.role_permissions;
create policy service on public.role_permissions to service_role using (true) with check (true);
