-- Brings plans and credit products to what Stripe says of their price or product.
--
-- What Stripe charges is the truth: amount and currency follow its price. What it archives or deletes is archived here,
-- so that nobody chooses what cannot be bought any more; who has it keeps it. It comes back when Stripe brings it back,
-- but what was archived here stays archived. Names and descriptions are this system's: several plans may share a
-- product. Nothing is made here that nobody here made.
--
-- p_id: of a price or product that is mirrored.
create or replace function tenantry.update_catalog_from_stripe(p_id text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    update public.subscription_plans as p
    set is_active = s.is_active, archived_at_stripe = s.archived, price_amount = s.amount, currency = s.currency
    from (
        select o.id, sale.is_sold and (o.is_active or o.archived_at_stripe) as is_active,
            not sale.is_sold and (o.is_active or o.archived_at_stripe) as archived,
            coalesce(sale.amount, o.price_amount) as amount, coalesce(sale.currency, o.currency) as currency
        from public.subscription_plans as o
        cross join tenantry.price_at_stripe(o.stripe_price_id, o.stripe_product_id) as sale
        where p_id in (o.stripe_price_id, o.stripe_product_id)
    ) as s
    where p.id = s.id
      and (p.is_active, p.archived_at_stripe, p.price_amount, p.currency)
          is distinct from (s.is_active, s.archived, s.amount, s.currency);
    update public.credit_products as p
    set is_active = s.is_active, archived_at_stripe = s.archived, price_amount = s.amount, currency = s.currency
    from (
        select o.id, sale.is_sold and (o.is_active or o.archived_at_stripe) as is_active,
            not sale.is_sold and (o.is_active or o.archived_at_stripe) as archived,
            coalesce(sale.amount, o.price_amount) as amount, coalesce(sale.currency, o.currency) as currency
        from public.credit_products as o
        cross join tenantry.price_at_stripe(o.stripe_price_id, o.stripe_product_id) as sale
        where p_id in (o.stripe_price_id, o.stripe_product_id)
    ) as s
    where p.id = s.id
      and (p.is_active, p.archived_at_stripe, p.price_amount, p.currency)
          is distinct from (s.is_active, s.archived, s.amount, s.currency);
end
$$;

comment on function tenantry.update_catalog_from_stripe(text) is
    'Brings plans and credit products to what Stripe says of their price or product.';
revoke all on function tenantry.update_catalog_from_stripe from public, anon, authenticated, service_role;
