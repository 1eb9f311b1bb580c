-- Returns the item of a subscription at Stripe that is its plan: the item with the price of the plan, or of its
-- product, before an item with the price of any plan here, before the first item. Null for a subscription without
-- items.
--
-- p_subscription: the subscription as Stripe sent it. p_plan: the plan that it has; null if unknown.
create or replace function tenantry.stripe_plan_item(
    p_subscription jsonb,
    p_plan public.subscription_plans
) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select i.item
    from jsonb_array_elements(p_subscription #> '{items,data}') with ordinality as i (item, position)
    cross join lateral (
        select tenantry.stripe_id(coalesce(i.item -> 'price', i.item -> 'plan')) as id,
            tenantry.stripe_id(coalesce(i.item #> '{price,product}', i.item #> '{plan,product}')) as product
    ) as price
    order by
        price.id = (p_plan).stripe_price_id desc nulls last,
        price.product = (p_plan).stripe_product_id desc nulls last,
        price.id in (select p.stripe_price_id from public.subscription_plans as p) desc,
        i.position
    limit 1;
end;

comment on function tenantry.stripe_plan_item(jsonb, public.subscription_plans) is
    'The item of a subscription at Stripe that is its plan; null for none.';
revoke all on function tenantry.stripe_plan_item from public, anon, authenticated, service_role;
