-- Whether an entry was made by the same arguments as another would be.
--
-- p_compare_amount: false where the amount followed from something that may have changed since.
create or replace function tenantry.is_same_entry(
    p_made public.credit_transactions,
    p_entry public.credit_transactions,
    p_compare_amount boolean
) returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
return (
    p_made.transaction_type, p_made.source, p_made.source_id, p_made.credit_event_id, p_made.quantity,
    p_made.expires_at, p_made.stripe_payment_intent_id, p_made.description, p_made.metadata
) is not distinct from (
    p_entry.transaction_type, p_entry.source, p_entry.source_id, p_entry.credit_event_id, p_entry.quantity,
    p_entry.expires_at, p_entry.stripe_payment_intent_id, p_entry.description, p_entry.metadata
) and (not p_compare_amount or p_made.amount = p_entry.amount);

comment on function tenantry.is_same_entry(public.credit_transactions, public.credit_transactions, boolean) is
    'Whether the entry p_made was made by the same arguments as p_entry would be.';
revoke all on function tenantry.is_same_entry from public, anon, authenticated, service_role;
