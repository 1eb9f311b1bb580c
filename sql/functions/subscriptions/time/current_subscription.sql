-- Returns a subscription as it is now, for a caller who can read it. The function reads the stored row itself, because
-- a row that the caller hands over could be forged.
--
-- Raises: TN002, 42501.
-- Callers: holders of subscriptions:read in the organization, through functions that run as the caller.
create or replace function tenantry.current_subscription(p_subscription_id uuid)
returns public.organization_subscriptions
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_subscription public.organization_subscriptions;
begin
    select * into v_subscription from public.organization_subscriptions as s where s.id = p_subscription_id;
    if not found or not tenantry.is_authorized('subscriptions:read', v_subscription.organization_id) then
        perform tenantry.fail_not_found('subscription', p_subscription_id::text);
    end if;
    return tenantry.subscription_at(v_subscription, tenantry.clock());
end
$$;

comment on function tenantry.current_subscription(uuid) is
    'The stored subscription as it is now. Raises TN002 unless the caller can read it.';
revoke all on function tenantry.current_subscription from public, anon, authenticated, service_role;
grant execute on function tenantry.current_subscription to authenticated, service_role;
