-- Returns the features and seats that an organization can use now. Without a live subscription there are no features.
--
-- Raises: TN001, TN002, 42501.
-- Callers: holders of organizations:read in the organization.
create or replace function tenantry.get_entitlements(p_organization_id uuid) returns public.entitlements
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_subscription public.organization_subscriptions;
    v_plan public.subscription_plans;
    v_entitlements public.entitlements;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.authorize('organizations:read', p_organization_id);
    perform tenantry.require_organization(p_organization_id);
    v_subscription := tenantry.live_subscription(p_organization_id);
    v_plan := tenantry.entitled_plan(v_subscription);
    v_entitlements.organization_id := p_organization_id;
    v_entitlements.subscription_id := v_subscription.id;
    v_entitlements.subscription_plan_id := v_plan.id;
    v_entitlements.plan_name := v_plan.name;
    v_entitlements.status := v_subscription.status;
    v_entitlements.features :=
        case when v_subscription.id is null then '{}' else tenantry.subscription_features(v_subscription, v_plan) end;
    v_entitlements.max_users := v_plan.max_users;
    select count(distinct ur.user_id)::integer into v_entitlements.members
    from public.user_roles as ur
    where ur.organization_id = p_organization_id;
    v_entitlements.members_over := greatest(v_entitlements.members - v_plan.max_users, 0);
    v_entitlements.valid_until := tenantry.subscription_due_time(v_subscription, v_plan);
    return v_entitlements;
end
$$;

comment on function tenantry.get_entitlements(uuid) is
    'Checks organizations:read, and merges the features of the organization''s live subscription.';
revoke all on function tenantry.get_entitlements from public, anon, authenticated, service_role;
grant execute on function tenantry.get_entitlements to authenticated, service_role;

create or replace function public.get_entitlements(organization_id uuid default null) returns public.entitlements
language sql stable
return tenantry.get_entitlements(organization_id);

comment on function public.get_entitlements(uuid) is
    'The features and seats that the organization can use now. features: those of its plan, of its add-ons, of its'
    ' status (trial, past_due) and of the subscription itself, merged; none without a live subscription. max_users and'
    ' members: seats (times the quantity, with those of add-ons), and members now. members_over: members beyond the'
    ' seats. valid_until: the time until which this holds, as far as time alone decides. Raises TN001, TN002, 42501.';
revoke all on function public.get_entitlements from public, anon, authenticated, service_role;
grant execute on function public.get_entitlements to authenticated, service_role;
