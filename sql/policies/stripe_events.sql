-- tenantry.stripe_events is read and written by functions only.
revoke all on tenantry.stripe_events from public, anon, authenticated, service_role;
