-- Finds a credit product by id, name or Stripe price, among the rows that the caller can see.
--
-- A name is never a UUID and never starts with price_, so the three keys do not collide. A price of Stripe's older kind
-- can be any text; it comes last.
--
-- Raises: TN001 without a key, TN002.
create or replace function tenantry.find_credit_product(p_credit_product text) returns public.credit_products
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_product public.credit_products;
begin
    if coalesce(p_credit_product, '') = '' then
        perform tenantry.fail_invalid('credit_product', 'is required');
    end if;
    select * into v_product
    from public.credit_products as p
    where p.name = p_credit_product
       or p.stripe_price_id = p_credit_product
       or p.id = case when tenantry.is_uuid(p_credit_product) then p_credit_product::uuid end
    order by p.stripe_price_id = p_credit_product
    limit 1;
    if not found then
        perform tenantry.fail_not_found('credit_product', p_credit_product);
    end if;
    return v_product;
end
$$;

comment on function tenantry.find_credit_product(text) is
    'The credit product of that id, name or price at Stripe. Raises TN001 (none given), TN002.';
revoke all on function tenantry.find_credit_product from public, anon, authenticated, service_role;
grant execute on function tenantry.find_credit_product to authenticated, service_role;
