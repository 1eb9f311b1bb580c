-- Returns the request that removes the next difference between a plan or credit product and Stripe: first the product,
-- then its name and description, then its price. Returns nulls if nothing differs.
--
-- A price at Stripe cannot change. Another amount or interval makes a new price, and the old one is archived.
--
-- p_id: the plan or credit product. An archived one needs no request: it is not sold from here, and its product at
-- Stripe serves its subscribers.
create or replace function tenantry.next_catalog_request(
    p_id uuid,
    out operation text,
    out method text,
    out path text,
    out params jsonb
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_item record;
    v_product jsonb;
    v_price jsonb;
begin
    select * into v_item from tenantry.build_catalog_item(p_id);
    if v_item.is_active is not true then
        return;
    end if;
    if tenantry.is_local_stripe_id(v_item.stripe_product_id) then
        operation := 'sync_product';
        method := 'post';
        path := '/v1/products';
        params := v_item.product;
        return;
    end if;

    select o.data into v_product from tenantry.stripe_objects as o where o.id = v_item.stripe_product_id;
    if v_product is null then
        operation := 'sync_product';
        method := 'get';
        path := '/v1/products/' || v_item.stripe_product_id;
        params := '{}';
        return;
    elsif v_product -> 'metadata' @> (v_item.product -> 'metadata')
        and (v_product ->> 'name', v_product ->> 'description')
        is distinct from (v_item.product ->> 'name', v_item.product ->> 'description') then
        -- Only a product that was created from here is renamed. An empty description removes the description.
        operation := 'sync_product';
        method := 'post';
        path := '/v1/products/' || v_item.stripe_product_id;
        params := v_item.product || jsonb_build_object('description', coalesce(v_item.product ->> 'description', ''));
        return;
    end if;

    if not tenantry.is_local_stripe_id(v_item.stripe_price_id) then
        select o.data into v_price from tenantry.stripe_objects as o where o.id = v_item.stripe_price_id;
        if v_price is null then
            operation := 'sync_price';
            method := 'get';
            path := '/v1/prices/' || v_item.stripe_price_id;
            params := '{}';
            return;
        end if;
    end if;
    if v_price is null or (
        -- A price of the catalog cannot be larger. Stripe's can.
        least((v_price ->> 'unit_amount')::bigint, 2147483647)::text, v_price ->> 'currency',
        v_price #>> '{recurring,interval}', v_price #>> '{recurring,interval_count}'
    ) is distinct from (
        v_item.price ->> 'unit_amount', v_item.price ->> 'currency', v_item.price #>> '{recurring,interval}',
        v_item.price #>> '{recurring,interval_count}'
    ) then
        operation := 'sync_price';
        method := 'post';
        path := '/v1/prices';
        params := v_item.price || jsonb_build_object('product', v_item.stripe_product_id);
        return;
    end if;

    -- Earlier prices of the item.
    select 'sync_price', 'post', '/v1/prices/' || o.id, '{"active": false}'
    into operation, method, path, params
    from tenantry.stripe_objects as o
    where o.object = 'price' and o.id <> v_item.stripe_price_id
      and o.data -> 'metadata' @> (v_item.price -> 'metadata')
      and (o.data ->> 'active')::boolean
    limit 1;
end
$$;

comment on function tenantry.next_catalog_request(uuid) is
    'The request that removes the next difference between a plan or credit product and Stripe; nulls for none.';
revoke all on function tenantry.next_catalog_request from public, anon, authenticated, service_role;
