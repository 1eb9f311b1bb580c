-- Direct access to public.credit_events: users read active events, and with catalog:manage all events.
revoke all on public.credit_events from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.credit_events to service_role;
grant select on public.credit_events to authenticated;

drop policy if exists catalog_read on public.credit_events;
create policy catalog_read on public.credit_events for select to authenticated
using (is_active or (select tenantry.is_authorized('catalog:manage')));

drop policy if exists service on public.credit_events;
create policy service on public.credit_events to service_role using (true) with check (true);
