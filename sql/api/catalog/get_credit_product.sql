-- Returns a credit product by id, name or Stripe price. Runs as the caller.
--
-- Raises: TN001, TN002.
-- Callers: any signed-in user, and the service.
create or replace function public.get_credit_product(credit_product text default null) returns public.credit_products
language sql stable
return tenantry.find_credit_product(credit_product);

comment on function public.get_credit_product(text) is
    'The credit product of that id, name or stripe_price_id. Raises TN001 (none given), TN002.';
revoke all on function public.get_credit_product from public, anon, authenticated, service_role;
grant execute on function public.get_credit_product to authenticated, service_role;
