-- Creates a subscription that is not at Stripe, and grants the credits of its first period or trial.
--
-- p_new: the row without an id. The caller has checked everything except that no subscription is live.
-- Locks: the organization's row, whose account it settles first.
-- Raises: TN001, TN002, TN023, TN026.
create or replace function tenantry.start_subscription(
    p_new public.organization_subscriptions,
    p_plan public.subscription_plans
) returns public.organization_subscriptions
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_live public.organization_subscriptions;
    v_subscription public.organization_subscriptions;
begin
    perform tenantry.lock_account(p_new.organization_id);
    select * into v_live
    from public.organization_subscriptions as s
    where s.organization_id = p_new.organization_id and s.ended_at is null;
    if found then
        perform tenantry.fail_subscription_exists(v_live);
    end if;
    perform tenantry.require_plan_seats(p_new.organization_id, p_plan.max_users);
    insert into public.organization_subscriptions (
        organization_id, subscription_plan_id, stripe_customer_id, status, current_period_start, current_period_end,
        trial_start, trial_end, cancel_at_period_end, metadata, billing_anchor
    )
    values (
        p_new.organization_id, p_plan.id, 'local:' || p_new.organization_id, p_new.status, p_new.current_period_start,
        p_new.current_period_end, p_new.trial_start, p_new.trial_end, p_new.cancel_at_period_end, p_new.metadata,
        p_new.current_period_start
    )
    returning * into v_subscription;
    perform tenantry.adjust_subscription_grants(v_subscription, p_plan, tenantry.clock());
    perform tenantry.schedule_settlement(p_new.organization_id);
    return v_subscription;
end
$$;

comment on function tenantry.start_subscription(public.organization_subscriptions, public.subscription_plans) is
    'Creates a subscription that is not at Stripe, with its first credits. Raises TN001, TN002, TN023, TN026.';
revoke all on function tenantry.start_subscription from public, anon, authenticated, service_role;
