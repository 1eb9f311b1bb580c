-- tenantry.credit_revocations is read and written by the ledger's functions only.
revoke all on tenantry.credit_revocations from public, anon, authenticated, service_role;
