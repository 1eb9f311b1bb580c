-- Who may touch public.credit_transactions directly: it is written by the ledger's functions only.
revoke all on public.credit_transactions from public, anon, authenticated, service_role;
grant select on public.credit_transactions to service_role;
