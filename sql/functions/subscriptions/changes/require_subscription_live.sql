-- Raises an error for a subscription that has ended.
--
-- Raises: TN031.
create or replace function tenantry.require_subscription_live(
    p_subscription public.organization_subscriptions
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_subscription.ended_at is not null then
        perform tenantry.fail(
            'TN031', format('the subscription is %s', p_subscription.status),
            jsonb_build_object('subscription_id', p_subscription.id, 'status', p_subscription.status),
            'Start a new subscription.');
    end if;
end
$$;

comment on function tenantry.require_subscription_live(public.organization_subscriptions) is
    'Raises TN031 for a subscription that has ended.';
revoke all on function tenantry.require_subscription_live from public, anon, authenticated, service_role;
