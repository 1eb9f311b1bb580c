-- tenantry.role_grants is read and written by functions only.
revoke all on tenantry.role_grants from public, anon, authenticated, service_role;
