-- Takes back the cancellation of a subscription that is still live.
--
-- A user who can cancel can resume. A trial, and a subscription for a single period, end without a cancellation.
-- Resumed, they go on without a payment, so this takes platform:subscribe.
--
-- At Stripe, a cancellation is cancel_at_period_end, or a date in cancel_at, which the customer portal sets. Stripe
-- accepts one of the two in a request.
--
-- Locks: the organization's row, then the subscription.
-- Raises: TN001, TN002, TN031 (it has ended), TN047, 42501.
-- Callers: holders of subscriptions:manage in the organization.
create or replace function tenantry.resume_subscription(p_subscription_id uuid)
returns public.organization_subscriptions
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_subscription public.organization_subscriptions
        := tenantry.lock_subscription(p_subscription_id, 'subscriptions:manage');
begin
    perform tenantry.require_subscription_live(v_subscription);
    if v_subscription.stripe_subscription_id is not null then
        perform tenantry.create_resumption_request(v_subscription);
        return v_subscription;
    elsif not v_subscription.cancel_at_period_end then
        return v_subscription;
    elsif v_subscription.status = 'trial' or v_subscription.cancelled_at is null then
        perform tenantry.authorize('platform:subscribe', v_subscription.organization_id);
    end if;
    v_subscription.cancel_at_period_end := false;
    v_subscription.cancelled_at := null;
    return tenantry.write_subscription(v_subscription);
end
$$;

comment on function tenantry.resume_subscription(uuid) is
    'Checks subscriptions:manage, and takes the cancellation back here or requests this at Stripe.';
revoke all on function tenantry.resume_subscription from public, anon, authenticated, service_role;
grant execute on function tenantry.resume_subscription to authenticated, service_role;

create or replace function public.resume_subscription(subscription_id uuid default null)
returns public.organization_subscriptions
language sql volatile
return tenantry.resume_subscription(subscription_id);

comment on function public.resume_subscription(uuid) is
    'Takes back the cancellation of a subscription that has not ended. A subscription at Stripe is resumed there'
    ' first; until then it is returned unchanged. Raises TN001, TN002, TN031 (it has ended), TN047, 42501.';
revoke all on function public.resume_subscription from public, anon, authenticated, service_role;
grant execute on function public.resume_subscription to authenticated, service_role;
