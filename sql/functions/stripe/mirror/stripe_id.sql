-- Returns the id in a reference at Stripe. A reference is the id, or the object if the request expanded it.
create or replace function tenantry.stripe_id(p_reference jsonb) returns text
language sql immutable
return case jsonb_typeof(p_reference)
    when 'string' then p_reference #>> '{}'
    when 'object' then p_reference ->> 'id'
end;

comment on function tenantry.stripe_id(jsonb) is 'The id in a reference, expanded or not; null for null.';
revoke all on function tenantry.stripe_id from public, anon, authenticated, service_role;
