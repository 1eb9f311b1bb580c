-- Who may touch public.credit_products directly. Everybody sees what is active.
revoke all on public.credit_products from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.credit_products to service_role;
grant select on public.credit_products to anon, authenticated;

drop policy if exists active_read on public.credit_products;
create policy active_read on public.credit_products for select to anon, authenticated
using (is_active);

drop policy if exists managers_read on public.credit_products;
create policy managers_read on public.credit_products for select to authenticated
using ((select tenantry.is_authorized('catalog:manage')));
