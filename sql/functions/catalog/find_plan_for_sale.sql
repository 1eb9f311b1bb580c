-- Finds a plan by id, name or Stripe price, and checks that it is for sale.
--
-- Raises: TN001, TN002, TN027 (inactive plan).
create or replace function tenantry.find_plan_for_sale(p_subscription_plan text) returns public.subscription_plans
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_plan constant public.subscription_plans := tenantry.find_subscription_plan(p_subscription_plan);
begin
    if not v_plan.is_active then
        perform tenantry.fail(
            'TN027', format('plan "%s" is not for sale', v_plan.name),
            jsonb_build_object('subscription_plan_id', v_plan.id, 'name', v_plan.name));
    end if;
    return v_plan;
end
$$;

comment on function tenantry.find_plan_for_sale(text) is
    'The active plan of that id, name or Stripe price. Raises TN001, TN002, TN027.';
revoke all on function tenantry.find_plan_for_sale from public, anon, authenticated, service_role;
