-- Returns a subscription as it is after its next due change. Only this function knows how time changes a subscription.
--
-- - A trial is over: the plan goes on, or the trial expires (it is cancelled if a user cancelled it).
-- - A period is over: it renews, with the pending plan if there is one, or the subscription ends.
-- - Grace is over (see grace_period): the subscription expires.
-- - Stripe has not reported the next period: the subscription is past due, or cancelled if it was to end.
--
-- The function writes nothing. p_plan: the plan. p_pending_plan: the plan from the next renewal on; null for none.
create or replace function tenantry.next_subscription_state(
    p_subscription public.organization_subscriptions,
    p_plan public.subscription_plans,
    p_pending_plan public.subscription_plans
) returns public.organization_subscriptions
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_next public.organization_subscriptions := p_subscription;
    v_end constant timestamptz :=
        case when p_subscription.status = 'trial' then p_subscription.trial_end
            else p_subscription.current_period_end end;
    v_plan public.subscription_plans := case when p_pending_plan.id is null then p_plan else p_pending_plan end;
begin
    if p_subscription.status = 'past_due' then
        v_next.status := 'expired';
        v_next.ended_at := tenantry.subscription_due_time(p_subscription, p_plan);
    elsif p_subscription.cancel_at_period_end then
        v_next.status :=
            case when p_subscription.status = 'trial' and p_subscription.cancelled_at is null
                then 'expired' else 'cancelled' end;
        v_next.ended_at := v_end;
        v_next.cancelled_at := case when v_next.status = 'cancelled'
            then coalesce(p_subscription.cancelled_at, v_end) end;
    elsif p_subscription.stripe_subscription_id is not null then
        v_next.status := 'past_due';
        v_next.past_due_at := v_end;
    else
        if p_subscription.status = 'trial' or v_plan.interval <> p_plan.interval
            or v_plan.interval_count <> p_plan.interval_count then
            v_next.billing_anchor := v_end;
        end if;
        v_next.status := 'active';
        v_next.subscription_plan_id := v_plan.id;
        v_next.pending_plan_id := null;
        v_next.current_period_start := v_end;
        v_next.current_period_end := tenantry.next_period_boundary(
            coalesce(v_next.billing_anchor, p_subscription.current_period_start, v_end), v_end, v_plan.interval,
            v_plan.interval_count);
    end if;
    return v_next;
end
$$;

comment on function tenantry.next_subscription_state(
    public.organization_subscriptions, public.subscription_plans, public.subscription_plans
) is 'The subscription as it is after its next due change. Writes nothing.';
revoke all on function tenantry.next_subscription_state from public, anon, authenticated, service_role;
