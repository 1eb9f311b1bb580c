-- Builds the product and the price at Stripe that a plan or credit product needs. Returns null for an unknown id.
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
        i.stripe_product_id, i.stripe_price_id, i.is_active,
        jsonb_build_object('name', i.name, 'description', nullif(i.description, ''), 'metadata', own.metadata),
        jsonb_build_object('unit_amount', i.price_amount, 'currency', lower(i.currency), 'metadata', own.metadata)
        || case
            when i.kind = 'subscription_plan'
                then jsonb_build_object('recurring', jsonb_build_object(
                    'interval', case i.interval
                        when 'daily' then 'day' when 'weekly' then 'week' when 'monthly' then 'month' else 'year'
                    end,
                    'interval_count', i.interval_count))
            else '{}'
        end
    from tenantry.catalog_items as i
    cross join lateral jsonb_build_object('tenantry_' || i.kind || '_id', i.id) as own (metadata)
    where i.id = p_id;
end;

comment on function tenantry.build_catalog_item(uuid) is
    'The product and the price at Stripe that the plan or credit product with that id needs.';
revoke all on function tenantry.build_catalog_item from public, anon, authenticated, service_role;
