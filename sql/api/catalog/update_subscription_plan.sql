-- Changes a plan.
--
-- The trigger protect_plan() refuses a new price or period while live subscriptions have the plan.
--
-- Locks: the plan's row.
-- Raises: TN001, TN002, TN033 (in use), TN034 (a credit product has the price), 23505 (name or Stripe price taken),
-- 42501.
-- Callers: holders of catalog:manage.
create or replace function tenantry.update_subscription_plan(
    p_subscription_plan text,
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
    p_is_active boolean,
    p_stripe_price_id text,
    p_stripe_product_id text,
    p_update_mask text[]
) returns public.subscription_plans
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_changes jsonb;
    v_plan public.subscription_plans;
    v_new public.subscription_plans;
begin
    perform tenantry.authorize('catalog:manage');
    v_changes := tenantry.masked_values(p_update_mask, jsonb_build_object(
        'name', p_name, 'description', p_description, 'stripe_price_id', p_stripe_price_id,
        'stripe_product_id', p_stripe_product_id, 'price_amount', p_price_amount, 'currency', p_currency,
        'interval', p_interval, 'interval_count', p_interval_count, 'included_credits', p_included_credits,
        'max_users', p_max_users, 'features', p_features, 'is_active', p_is_active,
        'trial_period_days', p_trial_period_days));
    v_plan := tenantry.find_subscription_plan(p_subscription_plan);
    select * into v_plan from public.subscription_plans where id = v_plan.id for no key update;
    v_new := tenantry.build_subscription_plan(to_jsonb(v_plan) || v_changes);
    v_new.is_active := coalesce(v_new.is_active, false);
    if v_plan.is_active and not v_new.is_active then
        perform tenantry.require_plan_unused(
            v_plan.id, 'is_active', 'Archive it with force: existing subscriptions keep it.');
    end if;

    update public.subscription_plans
    set name = v_new.name,
        description = v_new.description,
        stripe_price_id = v_new.stripe_price_id,
        stripe_product_id = v_new.stripe_product_id,
        price_amount = v_new.price_amount,
        currency = v_new.currency,
        interval = v_new.interval,
        interval_count = v_new.interval_count,
        included_credits = v_new.included_credits,
        max_users = v_new.max_users,
        features = v_new.features,
        is_active = v_new.is_active,
        trial_period_days = v_new.trial_period_days
    where id = v_plan.id
    returning * into v_plan;
    return v_plan;
end
$$;

comment on function tenantry.update_subscription_plan(
    text, text, integer, text, text, integer, integer, integer, jsonb, integer, text, boolean, text, text, text[]
) is
    'Checks catalog:manage, the use of the plan and the fields, and updates the plan.';
revoke all on function tenantry.update_subscription_plan from public, anon, authenticated, service_role;
grant execute on function tenantry.update_subscription_plan to authenticated, service_role;

create or replace function public.update_subscription_plan(
    subscription_plan text default null,
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
    is_active boolean default null,
    stripe_price_id text default null,
    stripe_product_id text default null,
    update_mask text[] default null
) returns public.subscription_plans
language sql volatile
return tenantry.update_subscription_plan(
    subscription_plan, name, price_amount, currency, "interval", interval_count, included_credits, max_users, features,
    trial_period_days, description, is_active, stripe_price_id, stripe_product_id, update_mask);

comment on function public.update_subscription_plan(
    text, text, integer, text, text, integer, integer, integer, jsonb, integer, text, boolean, text, text, text[]
) is
    'Changes the plan of that id, name or stripe_price_id. update_mask: the fields to set, unset ones among them'
    ' cleared; without a mask, the fields that have a value. Raises TN001, TN002, TN033 (live subscriptions have'
    ' it: price, currency, interval and stripe_price_id stay), TN034, 23505 (name or stripe_price_id taken), 42501.';
revoke all on function public.update_subscription_plan from public, anon, authenticated, service_role;
grant execute on function public.update_subscription_plan to authenticated, service_role;
