-- Returns whether an id is local:<own id>. Such an id stands in place of a Stripe id that does not exist.
create or replace function tenantry.is_local_stripe_id(p_stripe_id text) returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
return starts_with(p_stripe_id, 'local:');

comment on function tenantry.is_local_stripe_id(text) is
    'Whether the id says that the plan or product has no counterpart at Stripe.';
revoke all on function tenantry.is_local_stripe_id from public, anon, authenticated, service_role;
grant execute on function tenantry.is_local_stripe_id to authenticated, service_role;
