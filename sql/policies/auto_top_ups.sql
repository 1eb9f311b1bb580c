-- tenantry.auto_top_ups is read and written by functions only.
revoke all on tenantry.auto_top_ups from public, anon, authenticated, service_role;
