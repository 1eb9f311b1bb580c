-- tenantry.events is written by the ledger's functions; the service role reads it.
revoke all on tenantry.events from public, anon, authenticated, service_role;
grant select on tenantry.events to service_role;
