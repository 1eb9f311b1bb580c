-- Cancels a subscription at the end of its period or trial, or at once.
--
-- Credits of the current period stay until they expire. Credits of a trial and of months that have not begun are
-- revoked. A subscription at Stripe is cancelled there. It changes here when Stripe reports the cancellation.
--
-- Locks: the organization's row, then the subscription.
-- Raises: TN001, TN002, TN031 (it has ended), TN047, 42501.
-- Callers: holders of subscriptions:manage in the organization.
create or replace function tenantry.cancel_subscription(p_subscription_id uuid, p_immediately boolean)
returns public.organization_subscriptions
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now timestamptz;
    v_subscription public.organization_subscriptions
        := tenantry.lock_subscription(p_subscription_id, 'subscriptions:manage');
begin
    perform tenantry.require_subscription_live(v_subscription);
    v_now := tenantry.clock();
    if v_subscription.stripe_subscription_id is not null then
        if p_immediately then
            perform tenantry.create_subscription_request(v_subscription, 'cancel_subscription', 'delete', '{}');
        elsif not v_subscription.cancel_at_period_end
            or tenantry.is_request_pending(v_subscription, 'resume_subscription') then
            perform tenantry.create_subscription_request(
                v_subscription, 'cancel_subscription', 'post', jsonb_build_object('cancel_at_period_end', true));
        end if;
        return v_subscription;
    end if;
    if p_immediately then
        v_subscription.cancelled_at := coalesce(v_subscription.cancelled_at, v_now);
        return tenantry.end_subscription(v_subscription, 'cancelled', v_now);
    elsif v_subscription.cancel_at_period_end and v_subscription.status <> 'trial' then
        -- There is nothing to cancel. A subscription for one period keeps cancelled_at null: after a cancellation,
        -- holders of subscriptions:manage could resume it.
        return v_subscription;
    end if;
    v_subscription.cancelled_at := coalesce(v_subscription.cancelled_at, v_now);
    v_subscription.cancel_at_period_end := true;
    return tenantry.write_subscription(v_subscription);
end
$$;

comment on function tenantry.cancel_subscription(uuid, boolean) is
    'Checks subscriptions:manage, and cancels the subscription here or requests the cancellation at Stripe.';
revoke all on function tenantry.cancel_subscription from public, anon, authenticated, service_role;
grant execute on function tenantry.cancel_subscription to authenticated, service_role;

create or replace function public.cancel_subscription(
    subscription_id uuid default null,
    immediately boolean default null
) returns public.organization_subscriptions
language sql volatile
return tenantry.cancel_subscription(subscription_id, coalesce(immediately, false));

comment on function public.cancel_subscription(uuid, boolean) is
    'Cancels a subscription at the end of its period, or at once if immediately is true. A subscription at Stripe is'
    ' cancelled there first; until then it is returned unchanged. Raises TN001, TN002, TN031 (it has ended), TN047,'
    ' 42501.';
revoke all on function public.cancel_subscription from public, anon, authenticated, service_role;
grant execute on function public.cancel_subscription to authenticated, service_role;
