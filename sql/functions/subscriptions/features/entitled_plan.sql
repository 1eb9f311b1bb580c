-- Returns the plan of a subscription with everything that the subscription has of it: its credits and seats, times the
-- quantity, and those of the add-ons.
--
-- A feature of an add-on adds to that of the plan: a number is added as often as the quantity of the add-on says, and
-- true counts before false. Other values are those of the plan, if it has the feature. A plan without a limit of seats
-- stays without one, and an add-on without a limit adds no seats.
create or replace function tenantry.entitled_plan(p_subscription public.organization_subscriptions)
returns public.subscription_plans
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    c_most constant bigint := 2147483647;
    v_plan public.subscription_plans;
begin
    select * into v_plan from public.subscription_plans where id = p_subscription.subscription_plan_id;
    if v_plan.id is null or p_subscription.quantity = 1 and p_subscription.add_ons is null then
        return v_plan;
    end if;
    with add_ons as (
        select p as plan, (a.item ->> 'quantity')::bigint as quantity, a.position
        from jsonb_array_elements(p_subscription.add_ons) with ordinality as a (item, position)
        join public.subscription_plans as p on p.id = (a.item ->> 'subscription_plan_id')::uuid
    ),
    features as (
        select f.key,
            case
                when bool_and(jsonb_typeof(f.value) = 'number') then to_jsonb(sum(
                    case when jsonb_typeof(f.value) = 'number' then f.value::text::numeric * f.quantity end))
                when bool_or(f.value = 'true') then 'true'
                else (array_agg(f.value order by f.position))[1]
            end as value
        from (
            select m.key, m.value, 1 as quantity, 0 as position from jsonb_each(v_plan.features) as m
            union all
            select e.key, e.value, a.quantity, a.position
            from add_ons as a
            -- These describe the plan itself.
            cross join jsonb_each((a.plan).features - array[
                'trial', 'past_due', 'credit_rollover', 'credit_interval', 'grace_days', 'trial_limit', 'max_quantity'
            ]) as e
        ) as f
        group by f.key
    )
    select
        least(v_plan.included_credits::bigint * p_subscription.quantity + coalesce(sum(
            (a.plan).included_credits * a.quantity), 0), c_most),
        least(v_plan.max_users::bigint * p_subscription.quantity + coalesce(sum(
            (a.plan).max_users * a.quantity), 0), c_most),
        (select jsonb_object_agg(f.key, f.value) from features as f)
    into v_plan.included_credits, v_plan.max_users, v_plan.features
    from add_ons as a;
    return v_plan;
end
$$;

comment on function tenantry.entitled_plan(public.organization_subscriptions) is
    'The plan of a subscription, with its credits, seats and features times the quantity, and those of the add-ons.';
revoke all on function tenantry.entitled_plan from public, anon, authenticated, service_role;
