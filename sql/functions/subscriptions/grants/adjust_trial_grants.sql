-- Brings the credits of a trial to what they are to be: the plan's, until the trial ends; nothing once it is over, so
-- what is left of a trial that ends early goes back.
create or replace function tenantry.adjust_trial_grants(
    p_account public.organizations,
    p_subscription public.organization_subscriptions,
    p_plan public.subscription_plans,
    p_at timestamptz
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_is_on constant boolean := p_subscription.status = 'trial';
begin
    perform tenantry.adjust_grant(
        p_account, 'subscription', p_subscription.id, p_subscription.trial_start,
        case when v_is_on then p_subscription.trial_end else g.ends_at end,
        case when v_is_on then coalesce(p_plan.included_credits, 0) else 0 end, null, p_plan.name, p_at)
    from (select) as one
    left join tenantry.granted_credits as g
        on g.organization_id = p_account.id and g.source = 'subscription' and g.source_id = p_subscription.id
        and g.starts_at = p_subscription.trial_start
    where v_is_on or g.ends_at > p_at;
end
$$;

comment on function tenantry.adjust_trial_grants(
    public.organizations, public.organization_subscriptions, public.subscription_plans, timestamptz
) is 'Brings the credits of a trial to what they are to be. The caller holds the lock.';
revoke all on function tenantry.adjust_trial_grants from public, anon, authenticated, service_role;
