-- Every API role uses both schemas. The grants on functions and tables decide which of their objects it reaches.
-- Monitors call tenantry.health().
revoke all on schema tenantry from public, anon, authenticated, service_role, tenantry_server, pg_monitor;
grant usage on schema tenantry to anon, authenticated, service_role, tenantry_server, pg_monitor;
grant usage on schema public to anon, authenticated, service_role;
