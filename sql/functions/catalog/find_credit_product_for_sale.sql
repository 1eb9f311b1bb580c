-- Finds a credit product by id, name or Stripe price, and checks that it is for sale.
--
-- Raises: TN001, TN002, TN046 (inactive product).
create or replace function tenantry.find_credit_product_for_sale(p_credit_product text) returns public.credit_products
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_product constant public.credit_products := tenantry.find_credit_product(p_credit_product);
begin
    if not v_product.is_active then
        perform tenantry.fail(
            'TN046', format('credit product "%s" is not for sale', v_product.name),
            jsonb_build_object('credit_product_id', v_product.id, 'name', v_product.name));
    end if;
    return v_product;
end
$$;

comment on function tenantry.find_credit_product_for_sale(text) is
    'The active credit product of that id, name or Stripe price. Raises TN001, TN002, TN046.';
revoke all on function tenantry.find_credit_product_for_sale from public, anon, authenticated, service_role;
