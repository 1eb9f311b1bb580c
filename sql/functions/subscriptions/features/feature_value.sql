-- Returns the value of one feature for an organization now. Returns null if the organization does not have the feature
-- or the caller cannot read the organization.
--
-- Raises: nothing, so that policies and CHECKs can call it.
create or replace function tenantry.feature_value(p_organization_id uuid, p_feature text) returns jsonb
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_subscription public.organization_subscriptions;
begin
    if not tenantry.is_authorized('organizations:read', p_organization_id) then
        return null;
    end if;
    v_subscription := tenantry.live_subscription(p_organization_id);
    return case when v_subscription.id is not null
        then tenantry.subscription_features(v_subscription, tenantry.entitled_plan(v_subscription)) -> p_feature end;
end
$$;

comment on function tenantry.feature_value(uuid, text) is
    'The value of one feature for the organization now; null if it has none or the caller cannot read it.';
revoke all on function tenantry.feature_value from public, anon, authenticated, service_role;
grant execute on function tenantry.feature_value to authenticated, service_role;
