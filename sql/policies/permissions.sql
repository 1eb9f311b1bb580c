-- Direct access to public.permissions: users read all permissions. Only functions write it.
revoke all on public.permissions from public, anon, authenticated, service_role;
grant select on public.permissions to authenticated, service_role;

drop policy if exists users_read on public.permissions;
create policy users_read on public.permissions for select to authenticated
using (true);

drop policy if exists service on public.permissions;
create policy service on public.permissions to service_role using (true) with check (true);
