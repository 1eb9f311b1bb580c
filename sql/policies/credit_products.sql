-- Direct access to public.credit_products: every role reads active products. Users with catalog:manage read all
-- products.
revoke all on public.credit_products from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.credit_products to service_role;
grant select on public.credit_products to anon, authenticated;

drop policy if exists catalog_read on public.credit_products;
create policy catalog_read on public.credit_products for select to anon, authenticated
using (is_active or (select tenantry.is_authorized('catalog:manage')));

drop policy if exists service on public.credit_products;
create policy service on public.credit_products to service_role using (true) with check (true);
