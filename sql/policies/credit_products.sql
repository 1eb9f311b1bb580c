-- Who may touch public.credit_products directly.
revoke all on public.credit_products from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.credit_products to service_role;
