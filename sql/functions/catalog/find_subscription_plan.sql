-- Finds a plan by id, name or Stripe price, among the rows that the caller can see.
--
-- A name is never a UUID and never starts with price_, so the three keys do not collide. A price of Stripe's older kind
-- can be any text; it comes last.
--
-- Raises: TN001 without a key, TN002.
create or replace function tenantry.find_subscription_plan(p_subscription_plan text) returns public.subscription_plans
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_plan public.subscription_plans;
begin
    if coalesce(p_subscription_plan, '') = '' then
        perform tenantry.fail_invalid('subscription_plan', 'is required');
    end if;
    select * into v_plan
    from public.subscription_plans as p
    where p.name = p_subscription_plan
       or p.stripe_price_id = p_subscription_plan
       or p.id = case when tenantry.is_uuid(p_subscription_plan) then p_subscription_plan::uuid end
    order by p.stripe_price_id = p_subscription_plan
    limit 1;
    if not found then
        perform tenantry.fail_not_found('subscription_plan', p_subscription_plan);
    end if;
    return v_plan;
end
$$;

comment on function tenantry.find_subscription_plan(text) is
    'The plan of that id, name or price at Stripe. Raises TN001 (none given), TN002.';
revoke all on function tenantry.find_subscription_plan from public, anon, authenticated, service_role;
grant execute on function tenantry.find_subscription_plan to authenticated, service_role;
