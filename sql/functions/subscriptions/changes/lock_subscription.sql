-- Locks a subscription for a change, with its organization's account, settled: so the subscription is as it is now.
--
-- p_permission: what the caller must hold in its organization, if any.
-- Locks: the organization's row, then the subscription. Raises TN001, TN002, 42501.
create or replace function tenantry.lock_subscription(p_subscription_id uuid, p_permission text)
returns public.organization_subscriptions
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
    -- Whoever may not see it learns nothing of it.
    if not found or not tenantry.is_authorized('subscriptions:read', v_subscription.organization_id) then
        perform tenantry.fail_not_found('subscription', p_subscription_id::text);
    end if;
    perform tenantry.authorize(p_permission, v_subscription.organization_id);
    perform tenantry.lock_account(v_subscription.organization_id);
    select * into v_subscription from public.organization_subscriptions where id = p_subscription_id for update;
    return v_subscription;
end
$$;

comment on function tenantry.lock_subscription(uuid, text) is
    'Locks and settles a subscription for one who holds the permission there. Raises TN001, TN002, 42501.';
revoke all on function tenantry.lock_subscription from public, anon, authenticated, service_role;
