-- Raises TN001 if a value does not fit its column of the ledger, and names the argument.
--
-- Functions that write an entry or a hold call it before they put the values into a row. The error of the column itself
-- would not name the argument.
--
-- Raises: TN001.
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
    perform tenantry.require_metadata(p_metadata);
    perform tenantry.require_text('request_id', p_request_id, 255, p_request_id is not null);
end
$$;

comment on function tenantry.require_entry_fields(text, text, jsonb, text) is
    'Raises TN001 if a value is not valid for an entry of the ledger.';
revoke all on function tenantry.require_entry_fields from public, anon, authenticated, service_role;
