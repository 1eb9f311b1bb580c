-- tenantry.credit_allocations is read and written by the ledger's functions only.
revoke all on tenantry.credit_allocations from public, anon, authenticated, service_role;
