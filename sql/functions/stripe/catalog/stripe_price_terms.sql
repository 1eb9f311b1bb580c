-- Returns the terms of a price at Stripe from the mirror: whether it is sold, and its amount. An unknown price counts
-- as sold. An amount above the range of price_amount counts as the largest one.
create or replace function tenantry.stripe_price_terms(
    p_price text,
    p_product text,
    out is_sold boolean,
    out amount integer,
    out currency text
)
language sql stable
begin atomic
    select
        coalesce(
            bool_and(o.data -> 'active' is distinct from 'false' and o.data -> 'deleted' is distinct from 'true'),
            true),
        max(least((o.data ->> 'unit_amount')::bigint, 2147483647)::integer) filter (where o.object = 'price'),
        upper(max(o.data ->> 'currency') filter (where o.object = 'price'))
    from tenantry.stripe_objects as o
    where o.id in (p_price, p_product);
end;

comment on function tenantry.stripe_price_terms(text, text) is
    'Whether Stripe sells the price of a product, and its amount.';
revoke all on function tenantry.stripe_price_terms from public, anon, authenticated, service_role;
