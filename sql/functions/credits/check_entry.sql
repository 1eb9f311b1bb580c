-- Refuses what the ledger's columns would refuse, naming the argument.
-- Raises TN001.
create or replace function tenantry.check_entry(p_entry public.credit_transactions) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.check_text('source', p_entry.source, 50, true);
    perform tenantry.check_pattern(
        'source', p_entry.source, '^[a-z][a-z0-9_]*$', 'lower case letters, digits and _, starting with a letter');
    perform tenantry.check_text('stripe_payment_intent_id', p_entry.stripe_payment_intent_id, 255);
    perform tenantry.check_metadata('metadata', p_entry.metadata);
    perform tenantry.check_request_id(p_entry.idempotency_key);
end
$$;

comment on function tenantry.check_entry(public.credit_transactions) is
    'Raises TN001 when a value of the entry is not fit for the ledger.';
revoke all on function tenantry.check_entry from public;
