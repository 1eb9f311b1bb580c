-- Returns a time that Stripe gives in seconds since 1970. Returns null for null and for a missing value.
create or replace function tenantry.stripe_time(p_seconds jsonb) returns timestamptz
language sql immutable
return to_timestamp((p_seconds #>> '{}')::double precision);

comment on function tenantry.stripe_time(jsonb) is 'The time in Stripe''s seconds since 1970; null for null.';
revoke all on function tenantry.stripe_time from public, anon, authenticated, service_role;
