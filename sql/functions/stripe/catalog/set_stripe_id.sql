-- Sets the product or the price at Stripe of a plan or credit product.
create or replace function tenantry.set_stripe_id(p_id uuid, p_stripe_id text, p_is_price boolean) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    update public.subscription_plans as p
    set stripe_price_id = case when p_is_price then p_stripe_id else p.stripe_price_id end,
        stripe_product_id = case when p_is_price then p.stripe_product_id else p_stripe_id end
    where p.id = p_id;
    update public.credit_products as p
    set stripe_price_id = case when p_is_price then p_stripe_id else p.stripe_price_id end,
        stripe_product_id = case when p_is_price then p.stripe_product_id else p_stripe_id end
    where p.id = p_id;
end
$$;

comment on function tenantry.set_stripe_id(uuid, text, boolean) is
    'Sets the product or the price at Stripe of a plan or credit product.';
revoke all on function tenantry.set_stripe_id from public, anon, authenticated, service_role;
