drop table tenantry.credit_allocations;
drop table tenantry.credit_holds;
drop table tenantry.credit_lots;
drop table public.credit_transactions;
