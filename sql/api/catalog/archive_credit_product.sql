-- Makes a credit product inactive, so that nobody can buy it. Purchased credits stay.
--
-- Locks: the product's row.
-- Raises: TN001, TN002, 42501.
-- Callers: holders of catalog:manage.
create or replace function tenantry.archive_credit_product(p_credit_product text) returns public.credit_products
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_product public.credit_products;
begin
    perform tenantry.authorize('catalog:manage');
    v_product := tenantry.find_credit_product(p_credit_product);
    if v_product.is_active then
        update public.credit_products set is_active = false where id = v_product.id returning * into v_product;
    end if;
    return v_product;
end
$$;

comment on function tenantry.archive_credit_product(text) is 'Checks catalog:manage and makes the product inactive.';
revoke all on function tenantry.archive_credit_product from public, anon, authenticated, service_role;
grant execute on function tenantry.archive_credit_product to authenticated, service_role;

create or replace function public.archive_credit_product(credit_product text default null)
returns public.credit_products
language sql volatile
return tenantry.archive_credit_product(credit_product);

comment on function public.archive_credit_product(text) is
    'Makes the credit product of that id, name or stripe_price_id inactive. Raises TN001, TN002, 42501.';
revoke all on function public.archive_credit_product from public, anon, authenticated, service_role;
grant execute on function public.archive_credit_product to authenticated, service_role;
