drop type public.ledger_finding;
drop type public.credit_usage_bucket;
drop type public.credit_decision;
drop type public.credit_allocation;
drop type public.credit_hold;
drop type public.credit_lot;
