-- Creates a plan that organizations can subscribe to.
--
-- Raises: TN001, TN034 (a credit product has the price), 23505 (name or Stripe price taken), 42501.
-- Callers: holders of catalog:manage.
create or replace function tenantry.create_subscription_plan(
    p_name text,
    p_price_amount integer,
    p_currency text,
    p_interval text,
    p_interval_count integer,
    p_included_credits integer,
    p_max_users integer,
    p_features jsonb,
    p_trial_period_days integer,
    p_description text,
    p_stripe_price_id text,
    p_stripe_product_id text
) returns public.subscription_plans
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_plan public.subscription_plans;
begin
    perform tenantry.authorize('catalog:manage');
    v_plan := tenantry.build_subscription_plan(jsonb_build_object(
        'id', gen_random_uuid(), 'name', p_name, 'description', p_description, 'stripe_price_id', p_stripe_price_id,
        'stripe_product_id', p_stripe_product_id, 'price_amount', p_price_amount, 'currency', p_currency,
        'interval', p_interval, 'interval_count', p_interval_count, 'included_credits', p_included_credits,
        'max_users', p_max_users, 'features', p_features, 'trial_period_days', p_trial_period_days));
    insert into public.subscription_plans (
        id, name, description, stripe_price_id, stripe_product_id, price_amount, currency, interval, interval_count,
        included_credits, max_users, features, trial_period_days
    )
    values (
        v_plan.id, v_plan.name, v_plan.description, v_plan.stripe_price_id, v_plan.stripe_product_id,
        v_plan.price_amount, v_plan.currency, v_plan.interval, v_plan.interval_count, v_plan.included_credits,
        v_plan.max_users, v_plan.features, v_plan.trial_period_days
    )
    returning * into v_plan;
    return v_plan;
end
$$;

comment on function tenantry.create_subscription_plan(
    text, integer, text, text, integer, integer, integer, jsonb, integer, text, text, text
) is
    'Checks catalog:manage and the fields, and creates the plan.';
revoke all on function tenantry.create_subscription_plan from public, anon, authenticated, service_role;
grant execute on function tenantry.create_subscription_plan to authenticated, service_role;

create or replace function public.create_subscription_plan(
    name text default null,
    price_amount integer default null,
    currency text default null,
    "interval" text default null,
    interval_count integer default null,
    included_credits integer default null,
    max_users integer default null,
    features jsonb default null,
    trial_period_days integer default null,
    description text default null,
    stripe_price_id text default null,
    stripe_product_id text default null
) returns public.subscription_plans
language sql volatile
return tenantry.create_subscription_plan(
    name, price_amount, currency, "interval", interval_count, included_credits, max_users, features,
    trial_period_days, description, stripe_price_id, stripe_product_id);

comment on function public.create_subscription_plan(
    text, integer, text, text, integer, integer, integer, jsonb, integer, text, text, text
) is
    'Creates a plan. name: up to 100 characters, unique. price_amount: for a billing period, in minor units, 0 or'
    ' more. currency: ISO 4217, USD unless given. interval: daily, weekly, monthly or annual. interval_count: units in'
    ' a billing period, 1 unless given; a period has at most three years. included_credits: for a period. max_users:'
    ' seats, no limit unless given. features: an object of your own; some names have a meaning. trial_period_days: 0'
    ' to 730. stripe_price_id, stripe_product_id: local:<id> unless given. Raises TN001, TN034 (a credit product has'
    ' the price), 23505 (name or stripe_price_id taken), 42501.';
revoke all on function public.create_subscription_plan from public, anon, authenticated, service_role;
grant execute on function public.create_subscription_plan to authenticated, service_role;
