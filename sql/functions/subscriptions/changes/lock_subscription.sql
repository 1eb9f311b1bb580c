-- Locks a subscription and settles the organization's account first, so the returned row is up to date.
--
-- p_permission: the permission that the caller needs in the organization.
-- p_permission_here: a further permission that the caller needs unless the subscription is at Stripe; null for none.
-- Locks: the organization's row, then the subscription.
-- Raises: TN001, TN002, 42501.
create or replace function tenantry.lock_subscription(
    p_subscription_id uuid,
    p_permission text,
    p_permission_here text default null
) returns public.organization_subscriptions
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_subscription public.organization_subscriptions;
begin
    if p_subscription_id is null then
        perform tenantry.fail_invalid('subscription_id', 'is required');
    end if;
    select * into v_subscription from public.organization_subscriptions where id = p_subscription_id;
    -- A caller who cannot see the subscription cannot learn that it exists.
    if not found or not tenantry.is_authorized('subscriptions:read', v_subscription.organization_id) then
        perform tenantry.fail_not_found('subscription', p_subscription_id::text);
    end if;
    perform tenantry.authorize(p_permission, v_subscription.organization_id);
    if p_permission_here is not null and v_subscription.stripe_subscription_id is null then
        perform tenantry.authorize(p_permission_here, v_subscription.organization_id);
    end if;
    perform tenantry.lock_account(v_subscription.organization_id);
    select * into v_subscription from public.organization_subscriptions where id = p_subscription_id for update;
    return v_subscription;
end
$$;

comment on function tenantry.lock_subscription(uuid, text, text) is
    'Locks and settles a subscription for a holder of the permissions. Raises TN001, TN002, 42501.';
revoke all on function tenantry.lock_subscription from public, anon, authenticated, service_role;
