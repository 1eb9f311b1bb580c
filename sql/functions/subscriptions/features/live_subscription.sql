-- Returns an organization's live subscription as it is now; null without one.
create or replace function tenantry.live_subscription(p_organization_id uuid) returns public.organization_subscriptions
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_subscription public.organization_subscriptions;
begin
    select * into v_subscription
    from public.organization_subscriptions as s
    where s.organization_id = p_organization_id and s.ended_at is null;
    if found then
        v_subscription := tenantry.subscription_at(v_subscription, tenantry.clock());
        if v_subscription.ended_at is null then
            return v_subscription;
        end if;
    end if;
    return null;
end
$$;

comment on function tenantry.live_subscription(uuid) is
    'The organization''s live subscription as it is now; null without one.';
revoke all on function tenantry.live_subscription from public, anon, authenticated, service_role;
