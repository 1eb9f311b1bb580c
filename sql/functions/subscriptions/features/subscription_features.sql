-- Returns the features of a subscription. The features of its status (trial, past_due) replace those of its plan, and
-- its own (metadata: features) replace both.
--
-- Keys that describe how credits are granted are not features.
create or replace function tenantry.subscription_features(
    p_subscription public.organization_subscriptions,
    p_plan public.subscription_plans
) returns jsonb
language sql immutable
set search_path = pg_catalog, pg_temp
return (
    coalesce(p_plan.features, '{}')
    || coalesce(p_plan.features -> p_subscription.status, '{}')
    || case when jsonb_typeof(p_subscription.metadata -> 'features') = 'object'
        then p_subscription.metadata -> 'features' else '{}' end
) - array['trial', 'past_due', 'credit_rollover', 'credit_interval', 'grace_days'];

comment on function tenantry.subscription_features(public.organization_subscriptions, public.subscription_plans) is
    'The features of a subscription: its own replace those of its status, and those replace its plan''s.';
revoke all on function tenantry.subscription_features from public, anon, authenticated, service_role;
