-- tenantry.credit_lots is read and written by the ledger's functions only.
revoke all on tenantry.credit_lots from public, anon, authenticated, service_role;
