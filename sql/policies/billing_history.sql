-- Direct access to public.billing_history: members with billing:read read their records. Only functions write it.
revoke all on public.billing_history from public, anon, authenticated, service_role;
grant select on public.billing_history to authenticated, service_role;

drop policy if exists members_read on public.billing_history;
create policy members_read on public.billing_history for select to authenticated
using (organization_id = any ((select tenantry.allowed_organizations('billing:read'))::uuid[]));

drop policy if exists service on public.billing_history;
create policy service on public.billing_history to service_role using (true) with check (true);
