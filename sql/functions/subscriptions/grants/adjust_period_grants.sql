-- Adjusts the grants of a billing period or a trial to its plan. Returns the starts of its credit periods.
--
-- A credit period that is not over and begins before p_until grants p_included. A later one grants nothing.
--
-- p_start, p_end: the billing period. p_included: credits of one credit period. p_until: end of the subscription;
-- infinity while it is live. p_at: the present time.
-- Locks: none of its own. The caller holds the account's lock and has settled it.
create or replace function tenantry.adjust_period_grants(
    p_subscription public.organization_subscriptions,
    p_plan public.subscription_plans,
    p_start timestamptz,
    p_end timestamptz,
    p_included integer,
    p_until timestamptz,
    p_at timestamptz
) returns timestamptz[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_period record;
    v_target tenantry.granted_credits;
    v_starts timestamptz[] := '{}';
begin
    v_target.organization_id := p_subscription.organization_id;
    v_target.source := 'subscription';
    v_target.source_id := p_subscription.id;
    for v_period in
        select * from tenantry.credit_periods(p_plan, p_subscription.billing_anchor, p_start, p_end) as p
    loop
        v_starts := v_starts || v_period.starts_at;
        -- A period that is over stays as it is, unless its credits under another plan last longer.
        continue when v_period.expires_at <= p_at and not exists (
            select from tenantry.granted_credits as g
            where g.organization_id = p_subscription.organization_id and g.source = 'subscription'
              and g.source_id = p_subscription.id and g.starts_at = v_period.starts_at and g.ends_at > p_at
        );
        v_target.starts_at := v_period.starts_at;
        v_target.ends_at := v_period.expires_at;
        v_target.credits := case when v_period.starts_at < p_until then p_included else 0 end;
        perform tenantry.adjust_grant(v_target, null, p_plan.name, p_at);
        if v_period.starts_at <= p_at and v_period.ends_at > p_at then
            perform tenantry.roll_over_credits(
                p_subscription.organization_id, p_subscription.id, v_period.starts_at, v_period.ends_at, p_at);
        end if;
    end loop;
    return v_starts;
end
$$;

comment on function tenantry.adjust_period_grants(
    public.organization_subscriptions, public.subscription_plans, timestamptz, timestamptz, integer, timestamptz,
    timestamptz
) is 'Adjusts the grants of a billing period or a trial to its plan. The caller holds the account''s lock.';
revoke all on function tenantry.adjust_period_grants from public, anon, authenticated, service_role;
