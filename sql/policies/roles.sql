-- Who may touch public.roles directly: users read those of all and those of their organizations; it is written by
-- functions only.
revoke all on public.roles from public, anon, authenticated, service_role;
grant select on public.roles to authenticated, service_role;

drop policy if exists users_read on public.roles;
create policy users_read on public.roles for select to authenticated
using (organization_id is null
    or organization_id = any ((select tenantry.allowed_organizations('organizations:read'))::uuid[]));
