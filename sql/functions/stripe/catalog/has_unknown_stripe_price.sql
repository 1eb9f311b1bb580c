-- Returns whether an object names a price that no plan and no credit product here has, or a credit product that does
-- not exist. For a product at Stripe, its own id counts as the price.
create or replace function tenantry.has_unknown_stripe_price(p_object jsonb) returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (
        select from unnest(tenantry.referenced_prices(p_object)) as named (id)
        where not exists (
            select from tenantry.catalog_items as i where named.id in (i.stripe_price_id, i.stripe_product_id)
        )
    )
    or coalesce(
        p_object #>> '{metadata,tenantry_credit_product_id}'
            not in (select p.id::text from public.credit_products as p),
        false);
end
$$;

comment on function tenantry.has_unknown_stripe_price(jsonb) is
    'Whether an object names a price, product or credit product that the catalog does not have.';
revoke all on function tenantry.has_unknown_stripe_price from public, anon, authenticated, service_role;
