-- Subscribes an organization to a plan without Stripe: the first period starts now and counts as paid.
--
-- Locks: the organization's row.
-- Raises: TN001, TN002, TN023 (more members than seats), TN026 (one is live), TN027 (plan not for sale), 42501.
-- Callers: holders of platform:subscribe.
create or replace function tenantry.create_subscription(
    p_organization_id uuid,
    p_subscription_plan text,
    p_current_period_start timestamptz,
    p_cancel_at_period_end boolean,
    p_metadata jsonb
) returns public.organization_subscriptions
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := tenantry.clock();
    v_plan public.subscription_plans;
    v_new public.organization_subscriptions;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.authorize('platform:subscribe', p_organization_id);
    perform tenantry.require_metadata(p_metadata);
    v_plan := tenantry.find_plan_for_sale(p_subscription_plan);
    v_new.organization_id := p_organization_id;
    v_new.status := 'active';
    v_new.current_period_start := coalesce(p_current_period_start, v_now);
    v_new.current_period_end := tenantry.next_period_boundary(
        v_new.current_period_start, v_new.current_period_start, v_plan.interval, v_plan.interval_count);
    v_new.cancel_at_period_end := coalesce(p_cancel_at_period_end, false);
    v_new.metadata := p_metadata;
    if v_new.current_period_start > v_now then
        perform tenantry.fail_invalid('current_period_start', 'must not lie in the future');
    elsif v_new.current_period_end <= v_now then
        perform tenantry.fail_invalid('current_period_start', 'lies so far back that the period is over');
    end if;
    return tenantry.start_subscription(v_new, v_plan);
end
$$;

comment on function tenantry.create_subscription(uuid, text, timestamptz, boolean, jsonb) is
    'Checks platform:subscribe and the start of the period, and creates the subscription with its first credits.';
revoke all on function tenantry.create_subscription from public, anon, authenticated, service_role;
grant execute on function tenantry.create_subscription to authenticated, service_role;

create or replace function public.create_subscription(
    organization_id uuid default null,
    subscription_plan text default null,
    current_period_start timestamptz default null,
    cancel_at_period_end boolean default null,
    metadata jsonb default null
) returns public.organization_subscriptions
language sql volatile
return tenantry.create_subscription(
    organization_id, subscription_plan, current_period_start, cancel_at_period_end, metadata);

comment on function public.create_subscription(uuid, text, timestamptz, boolean, jsonb) is
    'Subscribes an organization to a plan without Stripe. subscription_plan: id, name or Stripe price.'
    ' current_period_start: start of the first period, now unless given, at most one period back.'
    ' cancel_at_period_end: true for one period only; otherwise it renews. Raises TN001, TN002, TN023 (more'
    ' members than seats), TN026 (the organization has a live subscription), TN027 (plan not for sale), 42501.';
revoke all on function public.create_subscription from public, anon, authenticated, service_role;
grant execute on function public.create_subscription to authenticated, service_role;
