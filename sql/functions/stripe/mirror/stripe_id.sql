-- The id in a reference of Stripe's, which is either that id or, where it was asked to be expanded, the object.
create or replace function tenantry.stripe_id(p_reference jsonb) returns text
language sql immutable
return case jsonb_typeof(p_reference)
    when 'string' then p_reference #>> '{}'
    when 'object' then p_reference ->> 'id'
end;

comment on function tenantry.stripe_id(jsonb) is 'The id in a reference, expanded or not; null for null.';
revoke all on function tenantry.stripe_id from public, anon, authenticated, service_role;
