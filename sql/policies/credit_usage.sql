-- tenantry.credit_usage is read and written by the ledger's functions only.
revoke all on tenantry.credit_usage from public, anon, authenticated, service_role;
