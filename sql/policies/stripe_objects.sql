-- tenantry.stripe_objects is read and written by functions only.
revoke all on tenantry.stripe_objects from public, anon, authenticated, service_role;
