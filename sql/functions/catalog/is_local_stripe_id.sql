-- Whether an id that stands where one of Stripe's would says that Stripe does not know of the thing: local:<own id>.
create or replace function tenantry.is_local_stripe_id(p_stripe_id text) returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
return starts_with(p_stripe_id, 'local:');

comment on function tenantry.is_local_stripe_id(text) is
    'Whether what stands in place of an id at Stripe says that Stripe does not know of the thing.';
revoke all on function tenantry.is_local_stripe_id from public, anon, authenticated, service_role;
grant execute on function tenantry.is_local_stripe_id to authenticated, service_role;
