-- A moment as Stripe writes it: seconds since 1970. Null for null, and for what is not there.
create or replace function tenantry.stripe_time(p_seconds jsonb) returns timestamptz
language sql immutable
return to_timestamp((p_seconds #>> '{}')::double precision);

comment on function tenantry.stripe_time(jsonb) is 'A moment out of Stripe''s seconds since 1970; null for null.';
revoke all on function tenantry.stripe_time from public, anon, authenticated, service_role;
