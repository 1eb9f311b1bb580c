-- Returns whether an object is about nothing that is known here: it names prices, and no plan or credit product here
-- has one of them; or it names a credit product that does not exist. For a product at Stripe, its own id counts as the
-- price.
--
-- Unknown prices beside a known one are ignored, and so are those of a subscription that has a plan here: a customer
-- can buy other things at Stripe, too.
create or replace function tenantry.has_unknown_stripe_price(p_object jsonb) returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_prices constant text[] := tenantry.referenced_prices(p_object);
    v_product constant text := p_object #>> '{metadata,tenantry_credit_product_id}';
begin
    return (
        cardinality(v_prices) > 0
        and not exists (
            select from tenantry.catalog_items as i
            where i.stripe_price_id = any (v_prices) or i.stripe_product_id = any (v_prices)
        )
        and not exists (
            select from public.organization_subscriptions as s
            where s.subscription_plan_id is not null and s.stripe_subscription_id = case p_object ->> 'object'
                when 'subscription' then p_object ->> 'id'
                else (tenantry.referenced_stripe_ids(p_object)).subscription
            end
        )
    )
    or v_product is not null
        and not exists (select from public.credit_products as p where p.id::text = v_product);
end
$$;

comment on function tenantry.has_unknown_stripe_price(jsonb) is
    'Whether an object names prices or a credit product, and the catalog has none of them.';
revoke all on function tenantry.has_unknown_stripe_price from public, anon, authenticated, service_role;
