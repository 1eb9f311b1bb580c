-- A plan or credit product as Stripe would have it: a product, and a price of it. Null for neither.
create or replace function tenantry.build_catalog_item(
    p_id uuid,
    out stripe_product_id text,
    out stripe_price_id text,
    out is_active boolean,
    out product jsonb,
    out price jsonb
)
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select
        p.stripe_product_id, p.stripe_price_id, p.is_active,
        jsonb_build_object(
            'name', p.name, 'description', nullif(p.description, ''),
            'metadata', jsonb_build_object('tenantry_subscription_plan_id', p.id)),
        jsonb_build_object(
            'unit_amount', p.price_amount, 'currency', lower(p.currency),
            'recurring', jsonb_build_object(
                'interval', case p.interval
                    when 'daily' then 'day' when 'weekly' then 'week' when 'monthly' then 'month' else 'year' end,
                'interval_count', p.interval_count),
            'metadata', jsonb_build_object('tenantry_subscription_plan_id', p.id))
    from public.subscription_plans as p
    where p.id = p_id
    union all
    select
        p.stripe_product_id, p.stripe_price_id, p.is_active,
        jsonb_build_object(
            'name', p.name, 'description', nullif(p.description, ''),
            'metadata', jsonb_build_object('tenantry_credit_product_id', p.id)),
        jsonb_build_object(
            'unit_amount', p.price_amount, 'currency', lower(p.currency),
            'metadata', jsonb_build_object('tenantry_credit_product_id', p.id))
    from public.credit_products as p
    where p.id = p_id;
end;

comment on function tenantry.build_catalog_item(uuid) is
    'The plan or credit product of that id as a product and a price at Stripe.';
revoke all on function tenantry.build_catalog_item from public, anon, authenticated, service_role;
