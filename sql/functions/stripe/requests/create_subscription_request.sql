-- Creates a request that changes a subscription at Stripe.
--
-- p_subscription: a subscription at Stripe. p_method: post to update it, delete to end it. p_params: the parameters by
-- Stripe's names.
-- Raises: TN047.
create or replace function tenantry.create_subscription_request(
    p_subscription public.organization_subscriptions,
    p_operation text,
    p_method text,
    p_params jsonb
) returns tenantry.stripe_requests
language sql volatile
set search_path = pg_catalog, pg_temp
return tenantry.create_stripe_request(
    p_operation, p_subscription.organization_id, p_subscription.id, p_method,
    '/v1/subscriptions/' || p_subscription.stripe_subscription_id, p_params);

comment on function tenantry.create_subscription_request(public.organization_subscriptions, text, text, jsonb) is
    'Creates a request that changes a subscription at Stripe. Raises TN047.';
revoke all on function tenantry.create_subscription_request from public, anon, authenticated, service_role;
