-- Returns whether a request to Stripe waits until its organization has a customer at Stripe.
create or replace function tenantry.is_waiting_for_customer(p_params jsonb) returns boolean
language sql immutable
return p_params @> '{"customer": null}';

comment on function tenantry.is_waiting_for_customer(jsonb) is
    'Whether a request with these parameters waits for the customer of its organization.';
revoke all on function tenantry.is_waiting_for_customer from public, anon, authenticated, service_role;
