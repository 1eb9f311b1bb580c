drop table tenantry.credit_usage_progress;
drop table tenantry.credit_usage;
drop table tenantry.credit_revocations;
drop table tenantry.credit_allocations;
drop table tenantry.credit_holds;
drop table tenantry.pending_grants;
drop table tenantry.credit_lots;
drop table public.credit_transactions;
