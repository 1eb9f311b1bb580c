-- Returns a plan by id, name or Stripe price. Runs as the caller.
--
-- Raises: TN001, TN002.
-- Callers: any signed-in user, and the service.
create or replace function public.get_subscription_plan(subscription_plan text default null)
returns public.subscription_plans
language sql stable
return tenantry.find_subscription_plan(subscription_plan);

comment on function public.get_subscription_plan(text) is
    'The plan of that id, name or stripe_price_id. Raises TN001 (none given), TN002.';
revoke all on function public.get_subscription_plan from public, anon, authenticated, service_role;
grant execute on function public.get_subscription_plan to authenticated, service_role;
