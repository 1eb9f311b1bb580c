-- Takes a plan off the market. Who has it keeps it, and goes on renewing it; nobody new gets it.
--
-- Locks: the plan's row. Raises TN001, TN002, TN033 (in use, unless forced), 42501. Callers: who holds catalog:manage.
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
        perform tenantry.require_plan_unused(v_plan.id, null, 'Archive it with force: who has it keeps it.');
    end if;
    update public.subscription_plans set is_active = false where id = v_plan.id returning * into v_plan;
    return v_plan;
end
$$;

comment on function tenantry.archive_subscription_plan(text, boolean) is
    'Definer half of public.archive_subscription_plan.';
revoke all on function tenantry.archive_subscription_plan from public, anon, authenticated, service_role;
grant execute on function tenantry.archive_subscription_plan to authenticated, service_role;

create or replace function public.archive_subscription_plan(
    subscription_plan text default null,
    force boolean default null
) returns public.subscription_plans
language sql volatile
return tenantry.archive_subscription_plan(subscription_plan, force);

comment on function public.archive_subscription_plan(text, boolean) is
    'Makes the plan of that id, name or stripe_price_id inactive: who has it keeps it, nobody new gets it. force: also'
    ' while live subscriptions have it. Raises TN001, TN002, TN033 (in use), 42501.';
revoke all on function public.archive_subscription_plan from public, anon, authenticated, service_role;
grant execute on function public.archive_subscription_plan to authenticated, service_role;
