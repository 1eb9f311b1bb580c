-- Makes a plan inactive. New subscribers cannot choose it; existing subscriptions keep it and renew it.
--
-- p_force: also if live subscriptions have the plan or change to it.
--
-- Locks: the plan's row.
-- Raises: TN001, TN002, TN033 (in use, and not forced), 42501.
-- Callers: holders of catalog:manage.
create or replace function tenantry.archive_subscription_plan(
    p_subscription_plan text,
    p_force boolean
) returns public.subscription_plans
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_plan public.subscription_plans;
begin
    perform tenantry.authorize('catalog:manage');
    v_plan := tenantry.find_subscription_plan(p_subscription_plan);
    if not v_plan.is_active then
        return v_plan;
    elsif p_force is not true then
        perform tenantry.require_plan_unused(v_plan.id, null, 'Archive it with force: existing subscriptions keep it.');
    end if;
    update public.subscription_plans set is_active = false where id = v_plan.id returning * into v_plan;
    return v_plan;
end
$$;

comment on function tenantry.archive_subscription_plan(text, boolean) is
    'Checks catalog:manage and the use of the plan, and makes it inactive.';
revoke all on function tenantry.archive_subscription_plan from public, anon, authenticated, service_role;
grant execute on function tenantry.archive_subscription_plan to authenticated, service_role;

create or replace function public.archive_subscription_plan(
    subscription_plan text default null,
    force boolean default null
) returns public.subscription_plans
language sql volatile
return tenantry.archive_subscription_plan(subscription_plan, force);

comment on function public.archive_subscription_plan(text, boolean) is
    'Makes the plan of that id, name or stripe_price_id inactive: new subscribers cannot choose it, existing'
    ' subscriptions keep it. force: also if live subscriptions have it. Raises TN001, TN002, TN033 (in use), 42501.';
revoke all on function public.archive_subscription_plan from public, anon, authenticated, service_role;
grant execute on function public.archive_subscription_plan to authenticated, service_role;
