-- Refuses what the ledger's columns would refuse, naming the argument. To be asked before the values meet a column's
-- type, whose limit would not name it.
-- Raises TN001.
create or replace function tenantry.require_entry_fields(
    p_source text,
    p_stripe_payment_intent_id text,
    p_metadata jsonb,
    p_request_id text
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.require_text('source', p_source, 50, true);
    perform tenantry.require_pattern(
        'source', p_source, '^[a-z][a-z0-9_]*$', 'lower case letters, digits and _, starting with a letter');
    perform tenantry.require_text('stripe_payment_intent_id', p_stripe_payment_intent_id, 255);
    perform tenantry.require_json_object('metadata', p_metadata);
    perform tenantry.require_text('request_id', p_request_id, 255, p_request_id is not null);
end
$$;

comment on function tenantry.require_entry_fields(text, text, jsonb, text) is
    'Raises TN001 when a value is not fit for an entry of the ledger.';
revoke all on function tenantry.require_entry_fields from public, anon, authenticated, service_role;
