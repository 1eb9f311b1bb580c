-- tenantry.credit_holds is read and written by the ledger's functions only.
revoke all on tenantry.credit_holds from public, anon, authenticated, service_role;
