-- Adjusts the grant of one credit period to its credits.
--
-- A period that is over stays as it is, unless its credits last longer than the period.
--
-- p_plan: the plan of the period. p_starts_at, p_ends_at: the credit period. p_expires_at: the time at which its
-- unspent credits expire. p_credits: its credits. p_at: the present time.
-- Locks: none of its own. The caller holds the account's lock and has settled it.
create or replace function tenantry.adjust_credit_period(
    p_subscription public.organization_subscriptions,
    p_plan public.subscription_plans,
    p_starts_at timestamptz,
    p_ends_at timestamptz,
    p_expires_at timestamptz,
    p_credits integer,
    p_at timestamptz
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_target tenantry.granted_credits;
begin
    if p_expires_at <= p_at and not exists (
        select from tenantry.granted_credits as g
        where g.organization_id = p_subscription.organization_id and g.source = 'subscription'
          and g.source_id = p_subscription.id and g.starts_at = p_starts_at and g.ends_at > p_at
    ) then
        return;
    end if;
    v_target.organization_id := p_subscription.organization_id;
    v_target.source := 'subscription';
    v_target.source_id := p_subscription.id;
    v_target.starts_at := p_starts_at;
    v_target.ends_at := p_expires_at;
    v_target.credits := p_credits;
    perform tenantry.adjust_grant(v_target, null, p_plan.name, p_at);
    if p_starts_at <= p_at and p_ends_at > p_at then
        perform tenantry.roll_over_credits(
            p_subscription.organization_id, p_subscription.id, p_starts_at, p_ends_at, p_at);
    end if;
end
$$;

comment on function tenantry.adjust_credit_period(
    public.organization_subscriptions, public.subscription_plans, timestamptz, timestamptz, timestamptz, integer,
    timestamptz
) is 'Adjusts the grant of one credit period to its credits. The caller holds the account''s lock.';
revoke all on function tenantry.adjust_credit_period from public, anon, authenticated, service_role;
