-- Starts the trial of a plan that offers one. An organization can have one trial, before its first subscription. The
-- plan also limits trials to one for each user, unless its feature trial_limit says otherwise: see use_trial(). A trial
-- for each payment method starts on a checkout page only.
--
-- A trial expires unless it converts. A converted trial goes on with the plan and renews without a payment, so
-- p_converts takes platform:subscribe. Features in the metadata take the place of the plan's features, so they take
-- platform:subscribe too.
--
-- Locks: the organization's row.
-- Raises: TN001, TN002, TN023 (more members than seats), TN026 (one is live), TN027 (plan not for sale), TN028 (no
-- trial for the plan, the organization or the user), 42501.
-- Callers: holders of subscriptions:manage in the organization.
create or replace function tenantry.start_trial(
    p_organization_id uuid,
    p_subscription_plan text,
    p_converts boolean,
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
    perform tenantry.authorize('subscriptions:manage', p_organization_id);
    if p_converts or p_metadata ? 'features' then
        perform tenantry.authorize('platform:subscribe', p_organization_id);
    end if;
    perform tenantry.require_metadata(p_metadata);
    v_plan := tenantry.find_plan_for_sale(p_subscription_plan);
    perform tenantry.require_trial_offered(v_plan);
    -- The lock comes before the question: two calls at once would both find no earlier subscription.
    perform tenantry.lock_account(p_organization_id);
    if exists (
        select from public.organization_subscriptions as s
        where s.organization_id = p_organization_id and s.ended_at is not null
    ) then
        perform tenantry.fail(
            'TN028', 'the organization has had a subscription before, and a trial is for those who have not',
            jsonb_build_object('organization_id', p_organization_id, 'cause', 'HAD_A_SUBSCRIPTION'));
    end if;
    if not tenantry.use_trial(
        p_organization_id, tenantry.trial_limit(v_plan), tenantry.trial_user(p_organization_id), null, v_now
    ) then
        perform tenantry.fail_trial_used(p_organization_id, v_plan);
    end if;
    v_new.organization_id := p_organization_id;
    v_new.status := 'trial';
    v_new.trial_start := v_now;
    v_new.trial_end := v_now + make_interval(days => v_plan.trial_period_days);
    v_new.current_period_start := v_new.trial_start;
    v_new.current_period_end := v_new.trial_end;
    v_new.cancel_at_period_end := not coalesce(p_converts, false);
    v_new.metadata := p_metadata;
    return tenantry.start_subscription(v_new, v_plan);
end
$$;

comment on function tenantry.start_trial(uuid, text, boolean, jsonb) is
    'Checks the permissions, the plan and the organization''s earlier subscriptions, and starts the trial.';
revoke all on function tenantry.start_trial from public, anon, authenticated, service_role;
grant execute on function tenantry.start_trial to authenticated, service_role;

create or replace function public.start_trial(
    organization_id uuid default null,
    subscription_plan text default null,
    converts boolean default null,
    metadata jsonb default null
) returns public.organization_subscriptions
language sql volatile
return tenantry.start_trial(organization_id, subscription_plan, converts, metadata);

comment on function public.start_trial(uuid, text, boolean, jsonb) is
    'Starts the trial of a plan, once for an organization, and once for a user unless the plan''s trial_limit says'
    ' otherwise. subscription_plan: id, name or Stripe price. converts: whether the plan goes on after the trial,'
    ' without a payment (takes platform:subscribe); otherwise the trial expires. metadata: its features take the place'
    ' of the plan''s (takes platform:subscribe). Raises TN001, TN002, TN023 (more members than seats), TN026 (the'
    ' organization has a live subscription), TN027 (plan not for sale), TN028 (no trial for the plan, the organization'
    ' or the user), 42501.';
revoke all on function public.start_trial from public, anon, authenticated, service_role;
grant execute on function public.start_trial to authenticated, service_role;
