-- Changes the plan of a subscription, or at Stripe the quantity of the plan: now, or from the next renewal on.
--
-- A change now keeps the period if both plans have the same billing period. Its credits are adjusted to the new plan:
-- the difference is granted, or revoked as far as it is unspent. If the billing periods differ, a new period starts
-- now, and the credits of the old period stay until they expire. Purchased credits never change.
--
-- A subscription at Stripe is changed there, and Stripe charges the difference. It changes here when Stripe reports the
-- change. A change to a plan that costs less takes effect at the renewal there: see create_plan_change_request().
--
-- Locks: the organization's row, then the subscription.
-- Raises: TN001, TN002, TN023 (more members than seats), TN027 (plan not for sale), TN028 (plan without a trial), TN031
-- (it has ended), TN047, TN050 (its collection is paused), 42501.
-- Callers: holders of subscriptions:manage in the organization, who also need platform:subscribe if the subscription is
-- not at Stripe.
create or replace function tenantry.change_plan(
    p_subscription_id uuid,
    p_subscription_plan text,
    p_at_renewal boolean,
    p_quantity integer
) returns public.organization_subscriptions
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now timestamptz;
    v_subscription public.organization_subscriptions
        := tenantry.lock_subscription(p_subscription_id, 'subscriptions:manage', 'platform:subscribe');
    v_old public.subscription_plans;
    v_new public.subscription_plans;
begin
    perform tenantry.require_subscription_live(v_subscription);
    v_new := tenantry.find_plan_for_sale(p_subscription_plan);
    if p_quantity < 1 then
        perform tenantry.fail_invalid('quantity', 'must be at least 1');
    elsif p_quantity > 1 and v_subscription.stripe_subscription_id is null then
        perform tenantry.fail_invalid('quantity', 'must be 1 for a subscription that is not at Stripe');
    end if;
    v_now := tenantry.clock();
    select * into v_old from public.subscription_plans where id = v_subscription.subscription_plan_id;
    if v_subscription.stripe_subscription_id is not null then
        perform tenantry.create_plan_change_request(v_subscription, v_old, v_new, p_quantity, p_at_renewal);
        return v_subscription;
    end if;
    perform tenantry.require_plan_seats(v_subscription.organization_id, v_new.max_users);
    if p_at_renewal then
        v_subscription.pending_plan_id := nullif(v_new.id, v_subscription.subscription_plan_id);
        return tenantry.write_subscription(v_subscription);
    end if;
    v_subscription.subscription_plan_id := v_new.id;
    v_subscription.pending_plan_id := null;
    if v_subscription.status <> 'trial'
        and (v_new.interval, v_new.interval_count) is distinct from (v_old.interval, v_old.interval_count) then
        v_subscription.billing_anchor := v_now;
        v_subscription.current_period_start := v_now;
        v_subscription.current_period_end
            := tenantry.next_period_boundary(v_now, v_now, v_new.interval, v_new.interval_count);
    end if;
    v_subscription := tenantry.write_subscription(v_subscription);
    perform tenantry.adjust_subscription_grants(v_subscription, v_new, v_now);
    perform tenantry.schedule_settlement(v_subscription.organization_id);
    return v_subscription;
end
$$;

comment on function tenantry.change_plan(uuid, text, boolean, integer) is
    'Checks the permissions, the plan and its seats, and changes the plan here or requests the change at Stripe.';
revoke all on function tenantry.change_plan from public, anon, authenticated, service_role;
grant execute on function tenantry.change_plan to authenticated, service_role;

create or replace function public.change_plan(
    subscription_id uuid default null,
    subscription_plan text default null,
    at_renewal boolean default null,
    quantity integer default null
) returns public.organization_subscriptions
language sql volatile
return tenantry.change_plan(subscription_id, subscription_plan, coalesce(at_renewal, false), quantity);

comment on function public.change_plan(uuid, text, boolean, integer) is
    'Changes the plan of a subscription (id, name or Stripe price), now or at_renewal. A change now adjusts the'
    ' credits of the current period to the new plan. quantity: how many times a subscription at Stripe takes the'
    ' plan; unchanged unless given. A subscription at Stripe is changed there first; until then it is returned'
    ' unchanged. Stripe charges the whole difference of the prices, and a plan that costs less starts at the'
    ' renewal. If the payment needs the customer, the url of the request is the page for it, and the plan changes'
    ' once it is paid: see list_stripe_requests. Raises TN001, TN002, TN023 (more members than the plan has seats),'
    ' TN027 (plan not for sale), TN028 (a trial at Stripe, and the plan has none), TN031 (it has ended), TN047,'
    ' TN050 (its collection is paused), 42501.';
revoke all on function public.change_plan from public, anon, authenticated, service_role;
grant execute on function public.change_plan to authenticated, service_role;
