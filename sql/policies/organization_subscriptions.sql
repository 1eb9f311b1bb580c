-- Who may touch public.organization_subscriptions directly: members read theirs; it is written by functions only.
revoke all on public.organization_subscriptions from public, anon, authenticated, service_role;
grant select on public.organization_subscriptions to authenticated, service_role;

drop policy if exists members_read on public.organization_subscriptions;
create policy members_read on public.organization_subscriptions for select to authenticated
using (organization_id = any ((select tenantry.allowed_organizations('subscriptions:read'))::uuid[]));
