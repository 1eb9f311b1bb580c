-- Refuses what the ledger's columns would refuse, naming the argument. To be asked before the values meet a column's
-- type, whose limit would not name it.
-- Raises TN001.
create or replace function tenantry.check_entry(
    p_source text,
    p_stripe_payment_intent_id text,
    p_metadata jsonb,
    p_request_id text
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.check_text('source', p_source, 50, true);
    perform tenantry.check_pattern(
        'source', p_source, '^[a-z][a-z0-9_]*$', 'lower case letters, digits and _, starting with a letter');
    perform tenantry.check_text('stripe_payment_intent_id', p_stripe_payment_intent_id, 255);
    perform tenantry.check_metadata('metadata', p_metadata);
    perform tenantry.check_text('request_id', p_request_id, 255, p_request_id is not null);
end
$$;

comment on function tenantry.check_entry(text, text, jsonb, text) is
    'Raises TN001 when a value is not fit for an entry of the ledger.';
revoke all on function tenantry.check_entry from public, anon, authenticated, service_role;
