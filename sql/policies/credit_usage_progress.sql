-- tenantry.credit_usage_progress is read and written by the ledger's functions only.
revoke all on tenantry.credit_usage_progress from public, anon, authenticated, service_role;
