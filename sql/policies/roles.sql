-- Direct access to public.roles: users read global roles and the own roles of their organizations. Only functions
-- write it.
revoke all on public.roles from public, anon, authenticated, service_role;
grant select on public.roles to authenticated, service_role;

drop policy if exists users_read on public.roles;
create policy users_read on public.roles for select to authenticated
using (organization_id is null
    or organization_id = any ((select tenantry.allowed_organizations('organizations:read'))::uuid[]));

drop policy if exists service on public.roles;
create policy service on public.roles to service_role using (true) with check (true);
