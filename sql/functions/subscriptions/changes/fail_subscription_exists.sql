-- Raises the error that an organization has a live subscription already.
--
-- p_live: the live subscription.
-- Raises: TN026.
create or replace function tenantry.fail_subscription_exists(p_live public.organization_subscriptions) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.fail(
        'TN026', format('the organization has a subscription already, which is %s', p_live.status),
        jsonb_build_object(
            'organization_id', p_live.organization_id, 'subscription_id', p_live.id, 'status', p_live.status),
        'Change its plan, or cancel it first.');
end
$$;

comment on function tenantry.fail_subscription_exists(public.organization_subscriptions) is
    'Raises TN026 for an organization that has this live subscription.';
revoke all on function tenantry.fail_subscription_exists from public, anon, authenticated, service_role;
