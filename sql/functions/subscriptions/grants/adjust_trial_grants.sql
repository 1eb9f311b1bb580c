-- Adjusts the grant of a trial: the credits of the plan until the trial ends. If a trial ends early, its unspent
-- credits are revoked.
--
-- p_at: the present time.
-- Locks: none of its own. The caller holds the account's lock and has settled it.
create or replace function tenantry.adjust_trial_grants(
    p_subscription public.organization_subscriptions,
    p_plan public.subscription_plans,
    p_at timestamptz
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_target tenantry.granted_credits;
begin
    select * into v_target
    from tenantry.granted_credits as g
    where g.organization_id = p_subscription.organization_id and g.source = 'subscription'
      and g.source_id = p_subscription.id and g.starts_at = p_subscription.trial_start;
    if p_subscription.status = 'trial' then
        v_target.organization_id := p_subscription.organization_id;
        v_target.source := 'subscription';
        v_target.source_id := p_subscription.id;
        v_target.starts_at := p_subscription.trial_start;
        v_target.ends_at := p_subscription.trial_end;
        v_target.credits := coalesce(p_plan.included_credits, 0);
    elsif v_target.ends_at > p_at then
        v_target.credits := 0;
    else
        return;
    end if;
    perform tenantry.adjust_grant(v_target, null, p_plan.name, p_at);
end
$$;

comment on function tenantry.adjust_trial_grants(
    public.organization_subscriptions, public.subscription_plans, timestamptz
) is 'Adjusts the grant of a trial to its plan and status. The caller holds the account''s lock.';
revoke all on function tenantry.adjust_trial_grants from public, anon, authenticated, service_role;
