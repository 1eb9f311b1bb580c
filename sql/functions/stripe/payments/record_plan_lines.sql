-- Records the lines of invoices that are for a plan here. entitled_credits() derives the credits of periods from them.
--
-- A line that is paid keeps its plan and the credits of the plan: a later change of the plan does not reach into a
-- period that is paid.
--
-- p_ids: the objects of a payment, from payment_object_ids().
-- Locks: none of its own. The caller holds the account's lock.
create or replace function tenantry.record_plan_lines(p_ids text[]) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into tenantry.stripe_plan_lines as l (
        invoice, line_number, subscription, price, subscription_plan_id, included_credits, quantity, period_start,
        period_end, is_proration, is_refund, is_paid, kept_share, is_due, paid_at
    )
    select o.id, line.line_number, coalesce(line.subscription, o.subscription), line.price, p.id, p.included_credits,
        coalesce(line.quantity, 1), line.period_start, line.period_end, line.is_proration, line.amount < 0,
        payment.is_paid, payment.kept_share, payment.is_due, payment.paid_at
    from tenantry.stripe_objects as o
    -- `offset` keeps the payment from being read for each line.
    cross join lateral (
        select o.data ->> 'status' = 'paid' as is_paid,
            case o.data ->> 'status' when 'paid' then tenantry.payment_kept_ratio(o.id, null) else 0 end as kept_share,
            -- Stripe leaves a draft alone while the collection of payments is paused.
            o.data ->> 'status' = 'open'
            or o.data ->> 'status' = 'draft' and (o.data -> 'auto_advance' = 'false') is not true as is_due,
            case when o.data ->> 'status' = 'paid' then coalesce(
                tenantry.stripe_time(o.data #> '{status_transitions,paid_at}'),
                (
                    select max(tenantry.stripe_time(c.data -> 'created')) from tenantry.stripe_objects as c
                    where c.id = any (p_ids) and c.object = 'charge' and c.data ->> 'status' = 'succeeded'
                ),
                tenantry.stripe_time(o.data -> 'created'))
            end as paid_at
        where o.data ->> 'status' is not null
        offset 0
    ) as payment
    cross join lateral tenantry.stripe_invoice_lines(o.data) as line
    join public.subscription_plans as p on p.id = tenantry.find_stripe_plan(to_jsonb(line.price), line.product)
    where o.id = any (p_ids) and o.object = 'invoice' and o.subscription is not null
      and line.period_end > line.period_start
    on conflict (invoice, line_number) do update
    set subscription = excluded.subscription, price = excluded.price, quantity = excluded.quantity,
        period_start = excluded.period_start, period_end = excluded.period_end,
        is_proration = excluded.is_proration, is_refund = excluded.is_refund,
        is_paid = excluded.is_paid, kept_share = excluded.kept_share, is_due = excluded.is_due,
        paid_at = excluded.paid_at,
        subscription_plan_id = case when l.is_paid then l.subscription_plan_id else excluded.subscription_plan_id end,
        included_credits = case when l.is_paid then l.included_credits else excluded.included_credits end;
end
$$;

comment on function tenantry.record_plan_lines(text[]) is
    'Records the lines of invoices that are for a plan here, with the credits of the plan.';
revoke all on function tenantry.record_plan_lines from public, anon, authenticated, service_role;
