-- Returns the whole credits for a share of credits: rounded up, at least 0, and at most the largest balance. A sum of
-- thirds can be a trace above a whole number, which does not count.
create or replace function tenantry.round_credits(p_credits numeric) returns integer
language sql immutable
return least(ceil(round(greatest(coalesce(p_credits, 0), 0), 6)), 2147483647)::integer;

comment on function tenantry.round_credits(numeric) is 'The whole credits for a share of credits, rounded up.';
revoke all on function tenantry.round_credits from public, anon, authenticated, service_role;
