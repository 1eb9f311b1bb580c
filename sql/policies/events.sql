-- The ledger's functions write tenantry.events; the service role reads it.
revoke all on tenantry.events from public, anon, authenticated, service_role;
grant select on tenantry.events to service_role;

drop policy if exists service on tenantry.events;
create policy service on tenantry.events to service_role using (true) with check (true);
