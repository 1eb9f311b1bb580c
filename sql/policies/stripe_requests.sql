-- tenantry.stripe_requests is read and written by functions only.
revoke all on tenantry.stripe_requests from public, anon, authenticated, service_role;
