-- Adjusts the grants of a subscription at Stripe to the invoices that are paid: those of its billing periods that are
-- not over, and of the periods of certain invoices. Earlier periods cannot have changed.
--
-- A payment that comes after the credits of its period have expired brings them from then on, for as long as the period
-- was.
--
-- A cancellation takes the months that begin after it. A subscription that is expired, for example because the
-- collection of payments is paused, only lacks the credits that nobody paid for.
--
-- p_plan: from entitled_plan(). p_ids: the objects that changed. p_trial_start: the start of its trial, if it grants
-- credits; else null. p_at: the present time.
-- Locks: none of its own. The caller holds the account's lock and has settled it.
create or replace function tenantry.adjust_stripe_grants(
    p_subscription public.organization_subscriptions,
    p_plan public.subscription_plans,
    p_ids text[],
    p_trial_start timestamptz,
    p_at timestamptz
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_billing record;
    v_plan public.subscription_plans;
    v_period record;
    v_granted record;
    v_starts timestamptz[] := array[p_trial_start];
    v_from timestamptz := 'infinity';
begin
    for v_billing in
        with changed as (
            select l.period_end from tenantry.stripe_plan_lines as l
            where l.subscription = p_subscription.stripe_subscription_id and l.period_end > p_at
            union
            select l.period_end from tenantry.stripe_plan_lines as l
            where l.subscription = p_subscription.stripe_subscription_id and l.invoice = any (p_ids)
            union
            select p_subscription.current_period_end
        ),
        periods as (
            select c.period_end as ends_at, c.period_end = p_subscription.current_period_end as is_current,
                case when c.period_end = p_subscription.current_period_end then p_subscription.current_period_start
                else (
                    -- Proration lines begin within the period.
                    select coalesce(
                        min(l.period_start) filter (where not l.is_proration and not l.is_refund), min(l.period_start))
                    from tenantry.stripe_plan_lines as l
                    where l.subscription = p_subscription.stripe_subscription_id and l.period_end = c.period_end
                ) end as starts_at
            from changed as c
        )
        select * from periods as p
        where p.starts_at is distinct from p_subscription.trial_start
        order by p.ends_at
    loop
        v_plan := p_plan;
        if not v_billing.is_current then
            select p.* into v_plan
            from tenantry.stripe_plan_lines as l
            join public.subscription_plans as p on p.id = l.subscription_plan_id
            where l.subscription = p_subscription.stripe_subscription_id and l.period_end = v_billing.ends_at
            order by l.is_proration, l.is_refund, l.invoice, l.line_number
            limit 1;
        end if;
        for v_period in
            select * from tenantry.credit_periods(
                v_plan, p_subscription.billing_anchor, v_billing.starts_at, v_billing.ends_at) as c
        loop
            v_starts := v_starts || v_period.starts_at;
            v_granted := tenantry.entitled_credits(
                p_subscription, v_plan, v_billing.starts_at, v_billing.ends_at, v_period.starts_at, v_period.ends_at,
                v_period.expires_at);
            if p_subscription.status = 'cancelled' and v_period.starts_at >= p_subscription.ended_at then
                v_granted.paid := 0;
            end if;
            perform tenantry.adjust_credit_period(
                p_subscription, v_plan, v_period.starts_at, v_period.ends_at, v_period.expires_at, v_granted.paid,
                p_at);
            -- Last, so that a payment makes the balance fall at no moment.
            perform tenantry.adjust_stripe_grant(
                p_subscription.organization_id, 'provisional', p_subscription.id, v_period.starts_at,
                v_granted.provisional_until, v_granted.provisional, v_plan.name, p_at);
            perform tenantry.adjust_stripe_grant(
                p_subscription.organization_id, 'late', md5(c.invoice)::uuid, v_period.ends_at,
                c.paid_at + (v_period.ends_at - v_period.starts_at), c.credits, v_plan.name, p_at)
            from tenantry.late_credits(
                p_subscription, v_plan, v_billing.ends_at, v_period.starts_at, v_period.ends_at, v_period.expires_at
            ) as c
            where v_period.expires_at <= p_at;
        end loop;
        if v_billing.ends_at > p_at then
            v_from := least(v_from, v_billing.starts_at);
        end if;
    end loop;
    perform tenantry.revoke_obsolete_grants(p_subscription, v_from, v_starts, p_at);
end
$$;

comment on function tenantry.adjust_stripe_grants(
    public.organization_subscriptions, public.subscription_plans, text[], timestamptz, timestamptz
) is 'Adjusts the grants of a subscription at Stripe to its paid invoices. The caller holds the account''s lock.';
revoke all on function tenantry.adjust_stripe_grants from public, anon, authenticated, service_role;
