-- Changes a credit product. Existing purchases stay as they were.
--
-- Locks: the product's row.
-- Raises: TN001, TN002, TN034 (a plan has the price), 23505 (name or Stripe price taken), 42501.
-- Callers: holders of catalog:manage.
create or replace function tenantry.update_credit_product(
    p_credit_product text,
    p_name text,
    p_credit_amount integer,
    p_price_amount integer,
    p_currency text,
    p_description text,
    p_is_active boolean,
    p_stripe_price_id text,
    p_stripe_product_id text,
    p_update_mask text[]
) returns public.credit_products
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_changes jsonb;
    v_product public.credit_products;
begin
    perform tenantry.authorize('catalog:manage');
    v_changes := tenantry.masked_values(p_update_mask, jsonb_build_object(
        'name', p_name, 'description', p_description, 'stripe_price_id', p_stripe_price_id,
        'stripe_product_id', p_stripe_product_id, 'credit_amount', p_credit_amount, 'price_amount', p_price_amount,
        'currency', p_currency, 'is_active', p_is_active));
    v_product := tenantry.find_credit_product(p_credit_product);
    select * into v_product from public.credit_products where id = v_product.id for no key update;
    v_product := tenantry.build_credit_product(to_jsonb(v_product) || v_changes);

    update public.credit_products
    set name = v_product.name,
        description = v_product.description,
        stripe_price_id = v_product.stripe_price_id,
        stripe_product_id = v_product.stripe_product_id,
        credit_amount = v_product.credit_amount,
        price_amount = v_product.price_amount,
        currency = v_product.currency,
        is_active = coalesce(v_product.is_active, false)
    where id = v_product.id
    returning * into v_product;
    return v_product;
end
$$;

comment on function tenantry.update_credit_product(
    text, text, integer, integer, text, text, boolean, text, text, text[]
) is
    'Checks catalog:manage and the fields, and updates the product.';
revoke all on function tenantry.update_credit_product from public, anon, authenticated, service_role;
grant execute on function tenantry.update_credit_product to authenticated, service_role;

create or replace function public.update_credit_product(
    credit_product text default null,
    name text default null,
    credit_amount integer default null,
    price_amount integer default null,
    currency text default null,
    description text default null,
    is_active boolean default null,
    stripe_price_id text default null,
    stripe_product_id text default null,
    update_mask text[] default null
) returns public.credit_products
language sql volatile
return tenantry.update_credit_product(
    credit_product, name, credit_amount, price_amount, currency, description, is_active, stripe_price_id,
    stripe_product_id, update_mask);

comment on function public.update_credit_product(
    text, text, integer, integer, text, text, boolean, text, text, text[]
) is
    'Changes the credit product of that id, name or stripe_price_id. update_mask: the fields to set, unset ones among'
    ' them cleared; without a mask, the fields that have a value. Raises TN001, TN002, TN034, 23505 (name or'
    ' stripe_price_id taken), 42501.';
revoke all on function public.update_credit_product from public, anon, authenticated, service_role;
grant execute on function public.update_credit_product to authenticated, service_role;
