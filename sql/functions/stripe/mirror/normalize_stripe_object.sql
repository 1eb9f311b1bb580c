-- Returns an object at Stripe in its stored form: until 2018 an invoice had no status, which its flags tell.
create or replace function tenantry.normalize_stripe_object(p_object jsonb) returns jsonb
language sql immutable
return case
    when p_object ->> 'object' = 'invoice' and p_object ->> 'status' is null then
        jsonb_build_object('created', p_object -> 'date') || p_object || jsonb_build_object('status', case
            when p_object -> 'paid' = 'true' then 'paid'
            when p_object -> 'forgiven' = 'true' then 'uncollectible'
            when p_object -> 'closed' = 'true' then 'void'
            else 'open'
        end)
    else p_object
end;

comment on function tenantry.normalize_stripe_object(jsonb) is 'An object at Stripe in its stored form.';
revoke all on function tenantry.normalize_stripe_object from public, anon, authenticated, service_role;
