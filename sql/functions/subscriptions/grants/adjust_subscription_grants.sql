-- Adjusts the grants of a subscription that is not at Stripe to its plan and status.
--
-- A trial grants its credits while it lasts. A paid period grants its credits. A subscription that has ended grants
-- nothing that has not begun.
--
-- p_at: the present time.
-- Locks: none of its own. The caller holds the account's lock and has settled it.
create or replace function tenantry.adjust_subscription_grants(
    p_subscription public.organization_subscriptions,
    p_plan public.subscription_plans,
    p_at timestamptz
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_starts timestamptz[];
begin
    if p_subscription.trial_start is not null then
        perform tenantry.adjust_trial_grants(p_subscription, p_plan, p_at);
    end if;
    if p_subscription.status = 'active' then
        v_starts := tenantry.adjust_period_grants(
            p_subscription, p_plan, p_subscription.current_period_start, p_subscription.current_period_end, p_at);
        perform tenantry.revoke_obsolete_grants(
            p_subscription, p_subscription.current_period_start, v_starts, p_at);
    elsif p_subscription.status <> 'trial' then
        -- A subscription that is past due grants as if it ended with its grace. Then the end of grace changes nothing.
        perform tenantry.revoke_obsolete_grants(
            p_subscription,
            coalesce(p_subscription.ended_at, tenantry.subscription_due_time(p_subscription, p_plan)), '{}', p_at);
    end if;
end
$$;

comment on function tenantry.adjust_subscription_grants(
    public.organization_subscriptions, public.subscription_plans, timestamptz
) is 'Adjusts the grants of a subscription to its plan and status. The caller holds the account''s lock.';
revoke all on function tenantry.adjust_subscription_grants from public, anon, authenticated, service_role;
