-- Brings the credits of a subscription that Stripe does not know of to what its plan and state say: those of the trial
-- while it lasts, those of the current period once it is paid; of one that has ended, nothing that was still to come.
--
-- p_at: the present time. The caller holds the account's lock and has settled it.
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
            p_subscription, p_plan, p_subscription.current_period_start, p_subscription.current_period_end,
            p_plan.included_credits, 'infinity', p_at);
        perform tenantry.revoke_obsolete_grants(
            p_subscription, p_subscription.current_period_start, v_starts, p_at);
    elsif p_subscription.status <> 'trial' then
        -- Of one that is past due as if it were not paid any more, so that there is nothing to do when grace is over.
        perform tenantry.revoke_obsolete_grants(
            p_subscription,
            coalesce(p_subscription.ended_at, tenantry.subscription_due_time(p_subscription, p_plan)), '{}', p_at);
    end if;
end
$$;

comment on function tenantry.adjust_subscription_grants(
    public.organization_subscriptions, public.subscription_plans, timestamptz
) is 'Brings the credits of a subscription to what its plan and state say. The caller holds the lock.';
revoke all on function tenantry.adjust_subscription_grants from public, anon, authenticated, service_role;
