-- tenantry.credit_purchases is read and written by functions only.
revoke all on tenantry.credit_purchases from public, anon, authenticated, service_role;
