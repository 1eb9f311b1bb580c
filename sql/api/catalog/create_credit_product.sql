-- Creates a credit product: a pack of credits for sale.
--
-- Raises: TN001, TN034 (a plan has the price), 23505 (name or Stripe price taken), 42501.
-- Callers: holders of catalog:manage.
create or replace function tenantry.create_credit_product(
    p_name text,
    p_credit_amount integer,
    p_price_amount integer,
    p_currency text,
    p_description text,
    p_stripe_price_id text,
    p_stripe_product_id text
) returns public.credit_products
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_product public.credit_products;
begin
    perform tenantry.authorize('catalog:manage');
    v_product := tenantry.build_credit_product(jsonb_build_object(
        'id', gen_random_uuid(), 'name', p_name, 'description', p_description, 'stripe_price_id', p_stripe_price_id,
        'stripe_product_id', p_stripe_product_id, 'credit_amount', p_credit_amount, 'price_amount', p_price_amount,
        'currency', p_currency));
    insert into public.credit_products (
        id, name, description, stripe_price_id, stripe_product_id, credit_amount, price_amount, currency
    )
    values (
        v_product.id, v_product.name, v_product.description, v_product.stripe_price_id, v_product.stripe_product_id,
        v_product.credit_amount, v_product.price_amount, v_product.currency
    )
    returning * into v_product;
    return v_product;
end
$$;

comment on function tenantry.create_credit_product(text, integer, integer, text, text, text, text) is
    'Checks catalog:manage and the fields, and creates the product.';
revoke all on function tenantry.create_credit_product from public, anon, authenticated, service_role;
grant execute on function tenantry.create_credit_product to authenticated, service_role;

create or replace function public.create_credit_product(
    name text default null,
    credit_amount integer default null,
    price_amount integer default null,
    currency text default null,
    description text default null,
    stripe_price_id text default null,
    stripe_product_id text default null
) returns public.credit_products
language sql volatile
return tenantry.create_credit_product(
    name, credit_amount, price_amount, currency, description, stripe_price_id, stripe_product_id);

comment on function public.create_credit_product(text, integer, integer, text, text, text, text) is
    'Creates a pack of credits for sale. name: up to 100 characters, unique. credit_amount: credits in it, above 0.'
    ' price_amount: in minor units, above 0. currency: ISO 4217, USD unless given. stripe_price_id, stripe_product_id:'
    ' local:<id> unless given. Raises TN001, TN034 (a plan has the price), 23505 (name or stripe_price_id taken),'
    ' 42501.';
revoke all on function public.create_credit_product from public, anon, authenticated, service_role;
grant execute on function public.create_credit_product to authenticated, service_role;
