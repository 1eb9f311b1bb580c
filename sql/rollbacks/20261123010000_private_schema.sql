drop table tenantry.settings;
drop table tenantry.errors;
-- Roles belong to the whole cluster and may serve other databases: they stay, without their privileges here.
revoke usage on schema tenantry from anon, authenticated, service_role, tenantry_server, pg_monitor;
revoke usage on schema public from anon, authenticated, service_role;
