-- Who may touch public.user_roles directly: users read their own and, with members:read, those of an organization; it
-- is written by functions only.
revoke all on public.user_roles from public, anon, authenticated, service_role;
grant select on public.user_roles to authenticated, service_role;

drop policy if exists users_read on public.user_roles;
create policy users_read on public.user_roles for select to authenticated
using (user_id = (select auth.uid())
    or organization_id = any ((select tenantry.allowed_organizations('members:read'))::uuid[]));
