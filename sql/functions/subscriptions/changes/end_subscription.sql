-- Ends a subscription that is not at Stripe, and revokes the credits that have not begun.
--
-- p_subscription: the row. p_status: cancelled or expired. p_at: the present time.
-- Locks: none of its own. The caller holds the locks of lock_subscription() and has settled the account.
-- Raises: TN025.
create or replace function tenantry.end_subscription(
    p_subscription public.organization_subscriptions,
    p_status text,
    p_at timestamptz
) returns public.organization_subscriptions
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_subscription public.organization_subscriptions := p_subscription;
begin
    v_subscription.status := p_status;
    v_subscription.ended_at := p_at;
    v_subscription.pending_plan_id := null;
    v_subscription := tenantry.write_subscription(v_subscription);
    perform tenantry.adjust_subscription_grants(v_subscription, p, p_at)
    from public.subscription_plans as p
    where p.id = v_subscription.subscription_plan_id;
    perform tenantry.schedule_settlement(v_subscription.organization_id);
    return v_subscription;
end
$$;

comment on function tenantry.end_subscription(public.organization_subscriptions, text, timestamptz) is
    'Ends a subscription that is not at Stripe. The caller holds the locks. Raises TN025.';
revoke all on function tenantry.end_subscription from public, anon, authenticated, service_role;
