-- Adjusts the grants of a billing period to its plan. Returns the starts of its credit periods.
--
-- p_start, p_end: the billing period. p_at: the present time.
-- Locks: none of its own. The caller holds the account's lock and has settled it.
create or replace function tenantry.adjust_period_grants(
    p_subscription public.organization_subscriptions,
    p_plan public.subscription_plans,
    p_start timestamptz,
    p_end timestamptz,
    p_at timestamptz
) returns timestamptz[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_period record;
    v_starts timestamptz[] := '{}';
begin
    for v_period in
        select * from tenantry.credit_periods(p_plan, p_subscription.billing_anchor, p_start, p_end) as p
    loop
        v_starts := v_starts || v_period.starts_at;
        perform tenantry.adjust_credit_period(
            p_subscription, p_plan, v_period.starts_at, v_period.ends_at, v_period.expires_at, p_plan.included_credits,
            p_at);
    end loop;
    return v_starts;
end
$$;

comment on function tenantry.adjust_period_grants(
    public.organization_subscriptions, public.subscription_plans, timestamptz, timestamptz, timestamptz
) is 'Adjusts the grants of a billing period to its plan. The caller holds the account''s lock.';
revoke all on function tenantry.adjust_period_grants from public, anon, authenticated, service_role;
