-- The moment at which time alone changes a subscription; null for never.
--
-- A subscription that Stripe keeps is changed by what Stripe says. Only when Stripe has been silent for three days
-- after it should have spoken does the clock decide, so that a lost webhook does not give a plan away for ever.
--
-- p_plan: its plan, for the days of grace (7 unless its features say otherwise).
create or replace function tenantry.subscription_due_time(
    p_subscription public.organization_subscriptions,
    p_plan public.subscription_plans
) returns timestamptz
language sql immutable
set search_path = pg_catalog, pg_temp
return case p_subscription.status
    when 'trial' then p_subscription.trial_end
    when 'active' then p_subscription.current_period_end
    when 'past_due' then
        p_subscription.past_due_at + make_interval(days => coalesce((p_plan.features ->> 'grace_days')::integer, 7))
end + case
    when p_subscription.stripe_subscription_id is not null and p_subscription.status <> 'past_due'
        then interval '3 days'
    else interval '0'
end;

comment on function tenantry.subscription_due_time(public.organization_subscriptions, public.subscription_plans) is
    'When time changes the subscription next; null for never.';
revoke all on function tenantry.subscription_due_time from public, anon, authenticated, service_role;
