-- The features that a subscription gives: its plan's, with those for its state (trial, past_due) over them, and its own
-- (metadata: features) over both. Keys that tell Tenantry how credits come are not features.
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
    'The features of a subscription: of its plan, its state and its own, the latter over the former.';
revoke all on function tenantry.subscription_features from public, anon, authenticated, service_role;
