-- Updates plans and credit products from their price or product at Stripe.
--
-- Amount and currency follow the price, because Stripe charges it. An item that Stripe archives or deletes is archived
-- here, so that nobody chooses an item that cannot be bought. Existing subscriptions keep it. It becomes active again
-- when Stripe activates it, unless it was archived here. Names and descriptions stay as they are here, because several
-- plans can share a product. The function creates no item.
--
-- p_id: the id of a mirrored price or product.
create or replace function tenantry.update_catalog_from_stripe(p_id text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    with found as (
        select
            i.id,
            sale.is_sold and (i.is_active or i.archived_at_stripe) as is_active,
            not sale.is_sold and (i.is_active or i.archived_at_stripe) as archived,
            coalesce(sale.amount, i.price_amount) as amount,
            coalesce(sale.currency, i.currency) as currency
        from tenantry.catalog_items as i
        cross join tenantry.stripe_price_terms(i.stripe_price_id, i.stripe_product_id) as sale
        where p_id in (i.stripe_price_id, i.stripe_product_id)
    ),

    plans as (
        update public.subscription_plans as p
        set is_active = f.is_active, archived_at_stripe = f.archived, price_amount = f.amount, currency = f.currency
        from found as f
        where p.id = f.id
          and (p.is_active, p.archived_at_stripe, p.price_amount, p.currency)
              is distinct from (f.is_active, f.archived, f.amount, f.currency)
    )

    update public.credit_products as p
    set is_active = f.is_active, archived_at_stripe = f.archived, price_amount = f.amount, currency = f.currency
    from found as f
    where p.id = f.id
      and (p.is_active, p.archived_at_stripe, p.price_amount, p.currency)
          is distinct from (f.is_active, f.archived, f.amount, f.currency);
end
$$;

comment on function tenantry.update_catalog_from_stripe(text) is
    'Updates plans and credit products from their price or product at Stripe.';
revoke all on function tenantry.update_catalog_from_stripe from public, anon, authenticated, service_role;
