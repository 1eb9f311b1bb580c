-- Direct access to public.user_roles: users read their own assignments and, with members:read, those of an
-- organization.
-- Only functions write it.
revoke all on public.user_roles from public, anon, authenticated, service_role;
grant select on public.user_roles to authenticated, service_role;

drop policy if exists users_read on public.user_roles;
create policy users_read on public.user_roles for select to authenticated
using (user_id = (select tenantry.active_user_id())
    or organization_id = any ((select tenantry.allowed_organizations('members:read'))::uuid[]));

drop policy if exists service on public.user_roles;
create policy service on public.user_roles to service_role using (true) with check (true);
