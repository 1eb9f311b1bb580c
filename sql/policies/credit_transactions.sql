-- Direct access to public.credit_transactions: members with credits:read read their entries. Only the ledger writes
-- it.
revoke all on public.credit_transactions from public, anon, authenticated, service_role;
grant select on public.credit_transactions to authenticated, service_role;

drop policy if exists members_read on public.credit_transactions;
create policy members_read on public.credit_transactions for select to authenticated
using (organization_id = any ((select tenantry.allowed_organizations('credits:read'))::uuid[]));

drop policy if exists service on public.credit_transactions;
create policy service on public.credit_transactions to service_role using (true) with check (true);
