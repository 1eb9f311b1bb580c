-- tenantry.stripe_customers is read and written by functions only.
revoke all on tenantry.stripe_customers from public, anon, authenticated, service_role;
