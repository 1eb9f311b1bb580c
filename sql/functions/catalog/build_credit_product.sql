-- Builds a credit product from values, fills in the defaults, and names the argument that is wrong. The columns would
-- refuse the same values.
--
-- p_product: every column by its name.
--
-- Raises: TN001.
create or replace function tenantry.build_credit_product(p_product jsonb) returns public.credit_products
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_local constant text := 'local:' || (p_product ->> 'id');
    v_field text;
begin
    perform tenantry.require_catalog_name(p_product ->> 'name');
    foreach v_field in array array['stripe_price_id', 'stripe_product_id'] loop
        perform tenantry.require_stripe_id(v_field, p_product ->> v_field, p_product ->> 'id');
    end loop;
    foreach v_field in array array['credit_amount', 'price_amount'] loop
        if p_product ->> v_field is null then
            perform tenantry.fail_invalid(v_field, 'is required');
        elsif (p_product ->> v_field)::integer <= 0 then
            perform tenantry.fail_invalid(v_field, 'must be greater than 0');
        end if;
    end loop;
    return jsonb_populate_record(null::public.credit_products, p_product || jsonb_build_object(
        'stripe_price_id', coalesce(p_product ->> 'stripe_price_id', v_local),
        'stripe_product_id', coalesce(p_product ->> 'stripe_product_id', v_local),
        'currency', coalesce(tenantry.normalize_currency(p_product ->> 'currency'), 'USD')));
end
$$;

comment on function tenantry.build_credit_product(jsonb) is
    'The credit product with these values, by column. Raises TN001 for a value that a product cannot have.';
revoke all on function tenantry.build_credit_product from public, anon, authenticated, service_role;
