-- tenantry.errors is filled by its seed; the service role reads it.
revoke all on tenantry.errors from public, anon, authenticated, service_role;
grant select on tenantry.errors to service_role;
