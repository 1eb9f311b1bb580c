-- Applies the objects in an answer from Stripe as if their events had arrived: the object itself, the objects of a
-- list with the products of its prices, or a subscription with its latest invoice. Objects of the catalog that were
-- pushed from here are only mirrored, because the catalog here decides.
--
-- Locks: none of its own. The caller holds the Stripe lock, and then the lock of the organization's row.
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
    if p_request.operation = 'read_invoice_lines' then
        perform tenantry.apply_invoice_lines(p_request, p_body);
        return;
    end if;
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
            select p_body -> 'latest_invoice'
            union all
            select case
                when jsonb_typeof(p_body -> 'latest_invoice') = 'object'
                then jsonb_set(p_body, '{latest_invoice}', p_body #> '{latest_invoice,id}') else p_body
            end
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
    'Applies the objects in an answer from Stripe as if their events had arrived.';
revoke all on function tenantry.apply_stripe_response from public, anon, authenticated, service_role;
