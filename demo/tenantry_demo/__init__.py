"""`tenantry demo --billing` and its fake Stripe. Part of the source checkout, not of the package that users install."""
