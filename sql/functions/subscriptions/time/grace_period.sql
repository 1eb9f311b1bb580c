-- Returns the time for which a subscription stays past due after a failed payment before it expires: the plan's
-- grace_days, or 7 days.
--
-- Callers: subscription_due_time().
create or replace function tenantry.grace_period(p_plan public.subscription_plans) returns interval
language sql immutable
set search_path = pg_catalog, pg_temp
return make_interval(days => coalesce((p_plan.features ->> 'grace_days')::integer, 7));

comment on function tenantry.grace_period(public.subscription_plans) is
    'The time after a failed payment before the subscription expires: the plan''s grace_days, or 7 days.';
revoke all on function tenantry.grace_period from public, anon, authenticated, service_role;
