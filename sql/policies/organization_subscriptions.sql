-- Direct access to public.organization_subscriptions: members with subscriptions:read read the subscriptions of their
-- organizations. Only functions write it.
revoke all on public.organization_subscriptions from public, anon, authenticated, service_role;
grant select on public.organization_subscriptions to authenticated, service_role;

drop policy if exists members_read on public.organization_subscriptions;
create policy members_read on public.organization_subscriptions for select to authenticated
using (organization_id = any ((select tenantry.allowed_organizations('subscriptions:read'))::uuid[]));

drop policy if exists service on public.organization_subscriptions;
create policy service on public.organization_subscriptions to service_role using (true) with check (true);
