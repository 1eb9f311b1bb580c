-- Returns the moment at which time alone changes a subscription; null for never.
--
-- A subscription at Stripe changes when Stripe reports the change. If Stripe reports nothing for three days after the
-- end of a period, the clock decides. Otherwise one lost webhook would leave a plan active for ever.
--
-- p_plan: the plan, for its grace_period().
create or replace function tenantry.subscription_due_time(
    p_subscription public.organization_subscriptions,
    p_plan public.subscription_plans
) returns timestamptz
language sql immutable
set search_path = pg_catalog, pg_temp
return case p_subscription.status
    when 'trial' then p_subscription.trial_end
    when 'active' then p_subscription.current_period_end
    when 'past_due' then p_subscription.past_due_at + tenantry.grace_period(p_plan)
end + case
    when p_subscription.stripe_subscription_id is not null and p_subscription.status <> 'past_due'
        then interval '3 days'
    else interval '0'
end;

comment on function tenantry.subscription_due_time(public.organization_subscriptions, public.subscription_plans) is
    'The time of the subscription''s next due change; null for never.';
revoke all on function tenantry.subscription_due_time from public, anon, authenticated, service_role;
