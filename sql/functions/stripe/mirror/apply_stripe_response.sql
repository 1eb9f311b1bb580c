-- Takes the objects in an answer of Stripe for what events would have told: the object itself, or those of a list with
-- the products of its prices. What was pushed from here is only mirrored: it is what this side says that counts.
--
-- The caller has locked all that comes from Stripe, and then the organization's row.
create or replace function tenantry.apply_stripe_response(
    p_request tenantry.stripe_requests,
    p_body jsonb,
    p_version timestamptz
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_object jsonb;
begin
    for v_object in
        select o.object
        from (
            select listed.object -> 'product' from jsonb_array_elements(
                case when p_body ->> 'object' = 'list' then p_body -> 'data' else '[]' end) as listed (object)
            union all
            select case
                when jsonb_typeof(listed.object -> 'product') = 'object'
                then jsonb_set(listed.object, '{product}', listed.object #> '{product,id}') else listed.object
            end
            from jsonb_array_elements(
                case when p_body ->> 'object' = 'list' then p_body -> 'data' else '[]' end) as listed (object)
            union all
            select p_body
        ) as o (object)
        where o.object ->> 'object' <> 'list' and o.object ? 'id'
          and o.object ->> 'object' <> 'billing_portal.session'
    loop
        if p_request.operation in ('sync_product', 'sync_price') then
            perform tenantry.upsert_stripe_object(v_object, p_version, 'answer:' || p_request.id);
        else
            perform tenantry.apply_stripe_object(v_object, p_version, 'answer:' || p_request.id);
        end if;
    end loop;
end
$$;

comment on function tenantry.apply_stripe_response(tenantry.stripe_requests, jsonb, timestamptz) is
    'Takes the objects in an answer of Stripe for what events would have told.';
revoke all on function tenantry.apply_stripe_response from public, anon, authenticated, service_role;
