-- tenantry.granted_credits is read and written by functions only.
revoke all on tenantry.granted_credits from public, anon, authenticated, service_role;
