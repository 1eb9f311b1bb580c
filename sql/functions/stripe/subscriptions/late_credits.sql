-- Returns the credits of a credit period that were paid after its credits had expired, by invoice. Such payments are of
-- an invoice that was overdue, or of a change that Stripe charges with the next invoice.
--
-- The credits that were spent in the period count as paid for first. So of a renewal that was paid late, the
-- provisional credits that were spent come off. The sum of all payments is rounded up, and not each of them.
--
-- p_subscription: the subscription. p_plan: the plan of the period. p_period_end: the end of the billing period.
-- p_starts_at, p_ends_at, p_expires_at: the credit period.
-- paid_at: the time of the payment.
-- Locks: none of its own. The caller holds the account's lock and has settled it.
create or replace function tenantry.late_credits(
    p_subscription public.organization_subscriptions,
    p_plan public.subscription_plans,
    p_period_end timestamptz,
    p_starts_at timestamptz,
    p_ends_at timestamptz,
    p_expires_at timestamptz,
    out invoice text,
    out paid_at timestamptz,
    out credits integer
) returns setof record
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    with bought as (
        select l.invoice, max(l.paid_at) as paid_at,
            sum(tenantry.plan_line_credits(
                l, p_starts_at, p_ends_at,
                extract(epoch from tenantry.full_period(p_plan, p_starts_at, p_ends_at)))) as credits
        from tenantry.stripe_plan_lines as l
        where l.subscription = p_subscription.stripe_subscription_id and l.period_end = p_period_end and l.is_paid
          and l.period_start is distinct from p_subscription.trial_start
        group by l.invoice
    ),

    -- What is due with each payment, and with the payments before it.
    counted as (
        select b.invoice, b.paid_at, sum(b.credits) over through - spent.credits as due,
            sum(b.credits) over through - b.credits - spent.credits as due_before
        from bought as b
        cross join tenantry.spent_credits(
            p_subscription.organization_id, '{subscription,provisional}', p_subscription.id, p_starts_at
        ) as spent (credits)
        window through as (order by b.paid_at, b.invoice)
    )

    select c.invoice, c.paid_at,
        greatest(tenantry.round_credits(c.due) - tenantry.round_credits(c.due_before), 0)
    from counted as c
    where c.paid_at >= p_expires_at;
end;

comment on function tenantry.late_credits(
    public.organization_subscriptions, public.subscription_plans, timestamptz, timestamptz, timestamptz, timestamptz
) is 'The credits of a credit period that were paid after they had expired, by invoice.';
revoke all on function tenantry.late_credits from public, anon, authenticated, service_role;
