-- Returns the lots that settlement at a moment would open for a subscription: lots of periods that have begun and are
-- not written yet, and the credits that roll over into them. It writes nothing.
--
-- It has the rules of advance_subscription() and roll_over_credits(), step by step.
-- tests/sql/subscriptions/test_laziness.py compares the two forms after random histories.
--
-- p_account: the organization's row. p_at: the moment.
-- p_expired: credits of the subscription's lots that expire by then and are not written off yet, by the moment of their
-- expiry (seconds since 1970, as text).
-- Callers: project_lots().
create or replace function tenantry.project_renewal_lots(
    p_account public.organizations,
    p_at timestamptz,
    p_expired jsonb
) returns setof tenantry.credit_lots
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_subscription public.organization_subscriptions;
    v_plan public.subscription_plans;
    v_pending public.subscription_plans;
    v_period record;
    v_is_renewed boolean := false;
    v_left bigint := 0;
    v_brought integer;
    v_lot tenantry.credit_lots;
begin
    select * into v_subscription
    from public.organization_subscriptions as s
    where s.organization_id = p_account.id and s.ended_at is null;
    select * into v_plan from public.subscription_plans where id = v_subscription.subscription_plan_id;
    v_lot.organization_id := p_account.id;
    v_lot.transaction_type := 'earned';
    v_lot.source_id := v_subscription.id;
    v_lot.priority := 0;
    while v_plan.id is not null and v_subscription.ended_at is null loop
        for v_period in
            select * from tenantry.credit_periods(
                v_plan, v_subscription.billing_anchor, v_subscription.current_period_start,
                v_subscription.current_period_end) as p
            -- Earlier periods are settled.
            where p.starts_at between p_account.credits_settle_at and p_at
              and (v_is_renewed or exists (
                  select from tenantry.pending_grants as g
                  where g.organization_id = p_account.id and g.source_id = v_subscription.id
                    and g.effective_at = p.starts_at and g.cancelled_at is null
              ))
        loop
            v_left := case
                when v_plan.features ->> 'credit_rollover' ~ '^[0-9]+$' then least(
                    (v_plan.features ->> 'credit_rollover')::integer,
                    v_left + coalesce((p_expired ->> extract(epoch from v_period.starts_at)::text)::bigint, 0))
                else 0
            end;
            v_brought := case when v_is_renewed then v_plan.included_credits else 0 end;
            v_lot.effective_at := v_period.starts_at;
            v_lot.id := md5(v_subscription.id || 'rollover' || v_period.starts_at)::uuid;
            v_lot.source := 'rollover';
            v_lot.amount := v_left;
            v_lot.remaining := v_left;
            v_lot.expires_at := v_period.ends_at;
            if v_left > 0 and v_lot.expires_at > p_at then
                return next v_lot;
            end if;
            v_lot.id := md5(v_subscription.id || 'subscription' || v_period.starts_at)::uuid;
            v_lot.source := 'subscription';
            v_lot.amount := v_brought;
            v_lot.remaining := v_brought;
            v_lot.expires_at := v_period.expires_at;
            if v_brought > 0 and v_lot.expires_at > p_at then
                return next v_lot;
            end if;
            v_left := v_left + v_brought;
        end loop;
        exit when (tenantry.subscription_due_time(v_subscription, v_plan) <= p_at) is not true;
        v_pending := null;
        select * into v_pending from public.subscription_plans where id = v_subscription.pending_plan_id;
        v_subscription := tenantry.next_subscription_state(v_subscription, v_plan, v_pending);
        v_is_renewed := v_subscription.stripe_subscription_id is null and v_subscription.status = 'active';
        select * into v_plan from public.subscription_plans where id = v_subscription.subscription_plan_id;
    end loop;
end
$$;

comment on function tenantry.project_renewal_lots(public.organizations, timestamptz, jsonb) is
    'Returns lots of periods that have begun and are not written yet, as settlement at p_at would open them.';
revoke all on function tenantry.project_renewal_lots from public, anon, authenticated, service_role;
