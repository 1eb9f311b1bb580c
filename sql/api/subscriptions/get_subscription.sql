-- Returns one subscription as it is now: by its id, by its id at Stripe, or the live one of an organization (the last
-- one if none is live).
--
-- Raises: TN001, TN002.
-- Callers: every signed-in user and the service role. It runs as the caller, so row-level security decides which
-- subscriptions exist for the caller.
create or replace function public.get_subscription(
    subscription_id uuid default null,
    stripe_subscription_id text default null,
    organization_id uuid default null
) returns public.organization_subscriptions
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_subscription public.organization_subscriptions;
begin
    if num_nonnulls(subscription_id, get_subscription.stripe_subscription_id, get_subscription.organization_id) <> 1
    then
        perform tenantry.fail_invalid(
            'subscription_id', 'give one of subscription_id, stripe_subscription_id and organization_id');
    end if;
    select * into v_subscription
    from public.organization_subscriptions as s
    where s.id = subscription_id
       or s.stripe_subscription_id = get_subscription.stripe_subscription_id
       or s.organization_id = get_subscription.organization_id
    order by s.ended_at desc nulls first, s.id desc
    limit 1;
    if not found then
        perform tenantry.fail_not_found('subscription', coalesce(
            subscription_id::text, get_subscription.stripe_subscription_id, get_subscription.organization_id::text));
    end if;
    return tenantry.current_subscription(v_subscription.id);
end
$$;

comment on function public.get_subscription(uuid, text, uuid) is
    'The subscription with that id or Stripe id, or the organization''s live one (the last one if none is live), as it'
    ' is now. Raises TN001, TN002.';
revoke all on function public.get_subscription from public, anon, authenticated, service_role;
grant execute on function public.get_subscription to authenticated, service_role;
