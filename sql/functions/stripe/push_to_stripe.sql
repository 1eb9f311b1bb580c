-- Asks Stripe for the next thing in which a plan or credit product differs there from here: its product, the product's
-- name, its price, whether that is active. When it is answered, this is asked again, until nothing differs.
--
-- A price cannot be changed at Stripe: another amount or interval makes a new one, and takes the old one off sale.
--
-- p_id: the plan or credit product; one that is gone, or that is neither at Stripe nor on sale, needs nothing.
-- Returns the request; null when nothing differs.
create or replace function tenantry.push_to_stripe(p_id uuid) returns tenantry.stripe_requests
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_item record;
    v_product jsonb;
    v_price jsonb;
    v_old record;
begin
    select * into v_item from tenantry.catalog_item(p_id);
    if v_item.product is null or (tenantry.is_local(v_item.stripe_price_id) and not v_item.is_active) then
        return null;
    end if;
    if tenantry.is_local(v_item.stripe_product_id) then
        return tenantry.request_stripe('sync_product', null, p_id, 'post', '/v1/products', v_item.product);
    end if;

    select o.data into v_product from tenantry.stripe_objects as o where o.id = v_item.stripe_product_id;
    if v_product is null then
        return tenantry.request_stripe(
            'sync_product', null, p_id, 'get', '/v1/products/' || v_item.stripe_product_id, '{}');
    elsif (v_product ->> 'name', v_product ->> 'description')
        is distinct from (v_item.product ->> 'name', v_item.product ->> 'description') then
        -- An empty description takes it away.
        return tenantry.request_stripe(
            'sync_product', null, p_id, 'post', '/v1/products/' || v_item.stripe_product_id,
            v_item.product || jsonb_build_object('description', coalesce(v_item.product ->> 'description', '')));
    end if;

    if not tenantry.is_local(v_item.stripe_price_id) then
        select o.data into v_price from tenantry.stripe_objects as o where o.id = v_item.stripe_price_id;
        if v_price is null then
            return tenantry.request_stripe(
                'sync_price', null, p_id, 'get', '/v1/prices/' || v_item.stripe_price_id, '{}');
        end if;
    end if;
    if v_price is null or (
        v_price ->> 'unit_amount', v_price ->> 'currency', v_price #>> '{recurring,interval}',
        v_price #>> '{recurring,interval_count}'
    ) is distinct from (
        v_item.price ->> 'unit_amount', v_item.price ->> 'currency', v_item.price #>> '{recurring,interval}',
        v_item.price #>> '{recurring,interval_count}'
    ) then
        return tenantry.request_stripe(
            'sync_price', null, p_id, 'post', '/v1/prices',
            v_item.price || jsonb_build_object('product', v_item.stripe_product_id));
    elsif (v_price ->> 'active')::boolean is distinct from v_item.is_active then
        return tenantry.request_stripe(
            'sync_price', null, p_id, 'post', '/v1/prices/' || v_item.stripe_price_id,
            jsonb_build_object('active', v_item.is_active));
    end if;

    -- Prices that stood for it before.
    for v_old in
        select o.id from tenantry.stripe_objects as o
        where o.object = 'price' and o.id <> v_item.stripe_price_id
          and o.data -> 'metadata' @> (v_item.price -> 'metadata')
          and (o.data ->> 'active')::boolean
    loop
        return tenantry.request_stripe(
            'sync_price', null, p_id, 'post', '/v1/prices/' || v_old.id, '{"active": false}');
    end loop;
    return null;
end
$$;

comment on function tenantry.push_to_stripe(uuid) is
    'Asks Stripe for the next thing in which a plan or credit product differs there; null when nothing does.';
revoke all on function tenantry.push_to_stripe from public, anon, authenticated, service_role;
