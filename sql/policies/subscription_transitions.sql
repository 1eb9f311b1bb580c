-- tenantry.subscription_transitions is read and written by functions only.
revoke all on tenantry.subscription_transitions from public, anon, authenticated, service_role;
