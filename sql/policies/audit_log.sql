-- tenantry.audit_log is read and written by functions only.
revoke all on tenantry.audit_log from public, anon, authenticated, service_role;
