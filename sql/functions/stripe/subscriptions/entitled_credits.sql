-- Returns the credits that a subscription at Stripe has for a credit period: those that were paid for, and those that
-- are there provisionally until provisional_until.
--
-- Credits follow the money. Each paid line of the billing period brings the credits of its plan, times its quantity,
-- for the share of the credit period that it covers. A line that gives money back takes them in the same way. So a
-- bigger plan from the middle of the period on brings half of the difference. Example: 100 credits were paid for 30
-- days, and on the last day a change to 500 credits: 100 - 100/30 + 500/30 = 114.
--
-- If a part of the money went back, a line counts with the share that was kept (kept_share). The sum is rounded up to
-- whole credits, so it is never more than before the refund. Example: of 10.00 for 100 credits, 3.33 went back: 67.
--
-- In the current period there are no more credits than those of the present plan, quantity and add-ons. So a smaller
-- plan counts at once, even if Stripe gives the money back with the next invoice.
--
-- A renewal is paid about an hour after the period begins, or later. Until then the credits of the present plan are
-- there provisionally, if the period before was paid, or if lines of a paid invoice are still being read. They last
-- for the time of grace and the days of the setting provisional_credit_days at most, counted from the start of the
-- period. The credits of a change that is paid meanwhile are paid for, and the others stay provisional. When the
-- renewal is paid, it pays first for the provisional credits that were spent. The plan's own line of the period before
-- decides whether it was paid: a change in it can cost nothing, and a trial costs nothing.
--
-- p_subscription: the subscription. p_plan: from entitled_plan(), or the plan of another period. p_period_start,
-- p_period_end: the billing period. p_starts_at, p_ends_at, p_expires_at: the credit period.
create or replace function tenantry.entitled_credits(
    p_subscription public.organization_subscriptions,
    p_plan public.subscription_plans,
    p_period_start timestamptz,
    p_period_end timestamptz,
    p_starts_at timestamptz,
    p_ends_at timestamptz,
    p_expires_at timestamptz,
    out paid integer,
    out provisional integer,
    out provisional_until timestamptz
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_full constant numeric := extract(epoch from tenantry.full_period(p_plan, p_starts_at, p_ends_at));
    v_paid numeric;
    v_is_paid boolean;
    v_is_renewed boolean;
    -- Whether the renewal itself waits for its payment.
    v_is_due boolean;
    -- Whether Stripe collects no payment for the period, for example while that is paused.
    v_is_free boolean;
    v_present numeric;
begin
    select
        coalesce(sum(tenantry.plan_line_credits(l, p_starts_at, p_ends_at, v_full)), 0),
        coalesce(bool_or(l.is_paid), false),
        coalesce(bool_or(l.is_paid and not l.is_proration and not l.is_refund), false),
        coalesce(bool_or(l.is_due and not l.is_proration), false),
        coalesce(bool_or(not l.is_paid and not l.is_due), false)
    into v_paid, v_is_paid, v_is_renewed, v_is_due, v_is_free
    from tenantry.stripe_plan_lines as l
    where l.subscription = p_subscription.stripe_subscription_id and l.period_end = p_period_end
      and l.period_start is distinct from p_subscription.trial_start;
    provisional := 0;
    provisional_until := least(p_expires_at, greatest(p_starts_at, p_period_start + least(
        tenantry.grace_period(p_plan), make_interval(days => tenantry.setting('provisional_credit_days')))));
    if p_period_end = p_subscription.current_period_end then
        select sum(coalesce(paid.included_credits, p.included_credits)::numeric * present.quantity)
            * extract(epoch from p_ends_at - p_starts_at) / v_full
        into v_present
        from (
            select p_subscription.subscription_plan_id, p_subscription.quantity
            union all
            select (a.item ->> 'subscription_plan_id')::uuid, (a.item ->> 'quantity')::integer
            from jsonb_array_elements(p_subscription.add_ons) as a (item)
        ) as present (plan_id, quantity)
        join public.subscription_plans as p on p.id = present.plan_id
        left join lateral (
            select l.included_credits
            from tenantry.stripe_plan_lines as l
            where l.subscription = p_subscription.stripe_subscription_id and l.period_end = p_period_end
              and l.subscription_plan_id = p.id and l.is_paid and not l.is_refund
            order by l.period_start desc, l.invoice, l.line_number
            limit 1
        ) as paid on true;
        v_paid := least(v_paid, v_present);
        if v_is_renewed then
            v_paid := v_paid - tenantry.spent_credits(
                p_subscription.organization_id, '{provisional}', p_subscription.id, p_starts_at);
        end if;
        if (v_is_due or not v_is_paid) and not v_is_free and p_subscription.status in ('active', 'past_due') and (
            (
                select l.kept_share > 0 from tenantry.stripe_plan_lines as l
                where l.subscription = p_subscription.stripe_subscription_id and l.period_end <= p_period_start
                  and not l.is_refund and l.period_start is distinct from p_subscription.trial_start
                order by l.period_end desc, l.is_proration, l.kept_share desc
                limit 1
            )
            or exists (
                select from tenantry.stripe_objects as i
                where i.subscription = p_subscription.stripe_subscription_id and i.object = 'invoice'
                  and i.data ->> 'status' = 'paid' and i.data #> '{lines,has_more}' = 'true'
                  and tenantry.stripe_time(i.data -> 'created') >= p_period_start
            )
        ) then
            provisional := tenantry.round_credits(v_present) - tenantry.round_credits(v_paid);
        end if;
    end if;
    paid := tenantry.round_credits(v_paid);
end
$$;

comment on function tenantry.entitled_credits(
    public.organization_subscriptions, public.subscription_plans, timestamptz, timestamptz, timestamptz, timestamptz,
    timestamptz
) is 'The credits that a subscription at Stripe has for a credit period: paid ones, and provisional ones.';
revoke all on function tenantry.entitled_credits from public, anon, authenticated, service_role;
