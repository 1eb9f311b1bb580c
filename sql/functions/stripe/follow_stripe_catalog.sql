-- Brings plans and credit products to what Stripe says of their price or product.
--
-- What Stripe charges is the truth: amount and currency follow its price. What it archives or deletes is archived here,
-- so that nobody chooses what cannot be bought any more; who has it keeps it. It comes back when Stripe brings it back,
-- but what was archived here stays archived. Names and descriptions are this system's: several plans may share a
-- product. Nothing is made here that nobody here made.
--
-- p_id: of a price or product that is mirrored.
create or replace function tenantry.follow_stripe_catalog(p_id text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    update public.subscription_plans as p
    set is_active = s.is_sold and (p.is_active or p.archived_at_stripe),
        archived_at_stripe = not s.is_sold and (p.is_active or p.archived_at_stripe),
        price_amount = coalesce(s.amount, p.price_amount), currency = coalesce(s.currency, p.currency)
    from tenantry.stripe_sale(p.stripe_price_id, p.stripe_product_id) as s
    where p_id in (p.stripe_price_id, p.stripe_product_id);
    update public.credit_products as p
    set is_active = s.is_sold and (p.is_active or p.archived_at_stripe),
        archived_at_stripe = not s.is_sold and (p.is_active or p.archived_at_stripe),
        price_amount = coalesce(s.amount, p.price_amount), currency = coalesce(s.currency, p.currency)
    from tenantry.stripe_sale(p.stripe_price_id, p.stripe_product_id) as s
    where p_id in (p.stripe_price_id, p.stripe_product_id);
end
$$;

comment on function tenantry.follow_stripe_catalog(text) is
    'Brings plans and credit products to what Stripe says of their price or product.';
revoke all on function tenantry.follow_stripe_catalog from public, anon, authenticated, service_role;
