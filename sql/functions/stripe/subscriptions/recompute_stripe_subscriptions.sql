-- Computes an organization's subscriptions at Stripe, and the credits that they grant, from the mirror. The result
-- depends on the mirror and the clock only, so it is the same in any order of events.
--
-- If several subscriptions are live at once, the newest counts. The others count as cancelled when it began. A live
-- subscription that is not at Stripe is cancelled when one at Stripe is live.
--
-- Credits follow payments: each paid invoice grants the credits of its periods, unless its money went back. The first
-- trial of the organization grants credits while it lasts, within the limit of its plan. The current period grants the
-- credits of the present plan, but at most those of the plan that was paid for last. Any other period grants the
-- credits of the plan on its invoice.
--
-- Locks: the subscriptions. The caller holds the account's lock and has settled it.
create or replace function tenantry.recompute_stripe_subscriptions(p_organization_id uuid) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := tenantry.clock();
    v_subscription public.organization_subscriptions;
    v_plan public.subscription_plans;
    v_live varchar(255);
    v_new public.organization_subscriptions;
    v_object tenantry.stripe_objects;
    v_invoice record;
    v_starts timestamptz[];
begin
    -- The loop below writes the live one last, when no other is live any more: only one can be live at a time.
    select o.id into v_live
    from tenantry.stripe_objects as o
    join tenantry.stripe_customers as c on c.stripe_customer_id = o.customer
    cross join lateral tenantry.build_stripe_subscription(o, v_now) as built
    where c.organization_id = p_organization_id and o.object = 'subscription'
      and built.ended_at is null and built.status is not null
    order by (o.data ->> 'created')::bigint desc, o.id desc
    limit 1;
    if v_live is not null then
        for v_subscription in
            select * from public.organization_subscriptions as s
            where s.organization_id = p_organization_id and s.stripe_subscription_id is null and s.ended_at is null
            for update
        loop
            v_subscription.cancelled_at := coalesce(v_subscription.cancelled_at, v_now);
            perform tenantry.end_subscription(v_subscription, 'cancelled', v_now);
        end loop;
    end if;

    for v_object in
        select o.* from tenantry.stripe_objects as o
        join tenantry.stripe_customers as c on c.stripe_customer_id = o.customer
        where c.organization_id = p_organization_id and o.object = 'subscription'
        order by o.id is not distinct from v_live, (o.data ->> 'created')::bigint, o.id
    loop
        v_new := tenantry.build_stripe_subscription(v_object, v_now);
        if v_new.status is not null and v_new.ended_at is null and v_object.id <> v_live then
            v_new.status := 'cancelled';
            v_new.ended_at := (
                select tenantry.stripe_time(l.data -> 'created') from tenantry.stripe_objects as l where l.id = v_live);
            v_new.cancelled_at := v_new.ended_at;
        end if;
        select * into v_subscription
        from public.organization_subscriptions as s
        where s.stripe_subscription_id = v_object.id
        for update;
        if not found then
            -- It was begun and not paid, so it does not count as a subscription yet.
            continue when v_new.status is null;
            insert into public.organization_subscriptions (
                organization_id, subscription_plan_id, stripe_subscription_id, stripe_customer_id, status,
                current_period_start, current_period_end, trial_start, trial_end, cancel_at_period_end, cancelled_at,
                metadata, billing_anchor, past_due_at, ended_at, pause_collection
            )
            values (
                p_organization_id, v_new.subscription_plan_id, v_object.id, v_new.stripe_customer_id, v_new.status,
                v_new.current_period_start, v_new.current_period_end, v_new.trial_start, v_new.trial_end,
                v_new.cancel_at_period_end, v_new.cancelled_at, v_new.metadata, v_new.billing_anchor,
                v_new.past_due_at, v_new.ended_at, v_new.pause_collection
            )
            returning * into v_subscription;
        else
            v_new.id := v_subscription.id;
            v_new.metadata
                := nullif(coalesce(v_subscription.metadata - 'stripe', '{}') || coalesce(v_new.metadata, '{}'), '{}');
            if v_new.status is null then
                v_new.status := 'expired';
                v_new.ended_at := coalesce(v_subscription.ended_at, v_now);
            end if;
            v_subscription := tenantry.write_subscription(v_new);
        end if;

        select * into v_plan from public.subscription_plans where id = v_subscription.subscription_plan_id;
        v_starts := '{}';
        -- Only the first trial counts, even if several checkout pages led to one. And it brings credits only within the
        -- limit of its plan.
        if v_subscription.trial_start is not null and not exists (
            select from public.organization_subscriptions as s
            where s.organization_id = p_organization_id
              and (s.trial_start, coalesce(s.stripe_subscription_id, ''))
                  < (v_subscription.trial_start, v_subscription.stripe_subscription_id)
        ) and tenantry.use_stripe_trial(v_subscription, v_plan, v_now) then
            perform tenantry.adjust_trial_grants(v_subscription, v_plan, v_now);
            v_starts := v_starts || v_subscription.trial_start;
        end if;
        for v_invoice in
            select
                line.period_start, line.period_end, p as plan,
                case
                    when tenantry.payment_kept_ratio(i.id, tenantry.invoice_payment_intent(i.id)) = 0 then 0
                    when line.period_start = v_subscription.current_period_start then
                        least(v_plan.included_credits, paid.included_credits)
                    else coalesce(g.credits, p.included_credits)
                end as credits
            from tenantry.stripe_objects as i
            cross join lateral tenantry.stripe_invoice_lines(i.data) as line
            join public.subscription_plans as p on p.stripe_price_id = line.price
            left join lateral (
                select b.included_credits
                from tenantry.stripe_objects as o
                cross join lateral tenantry.stripe_invoice_lines(o.data) as bought
                join public.subscription_plans as b on b.stripe_price_id = bought.price
                where o.object = 'invoice' and o.subscription = v_object.id and o.data ->> 'status' = 'paid'
                  -- A line below 0 credits the earlier plan.
                  and bought.period_end = line.period_end and bought.amount >= 0
                  and tenantry.payment_kept_ratio(o.id, tenantry.invoice_payment_intent(o.id)) > 0
                order by (o.data ->> 'created')::bigint desc, o.id desc, bought.amount desc
                limit 1
            ) as paid on true
            left join tenantry.granted_credits as g
                on g.organization_id = p_organization_id and g.source = 'subscription'
                    and g.source_id = v_subscription.id
                and g.starts_at = line.period_start and g.credits > 0
            where i.object = 'invoice' and i.subscription = v_object.id and i.data ->> 'status' = 'paid'
              and not line.is_proration and line.period_end > line.period_start
              and line.period_start is distinct from v_subscription.trial_start
            order by line.period_start, i.id
        loop
            v_starts := v_starts || tenantry.adjust_period_grants(
                v_subscription,
                case when v_invoice.period_start = v_subscription.current_period_start
                    then v_plan else v_invoice.plan end,
                v_invoice.period_start, v_invoice.period_end, coalesce(v_invoice.credits, 0),
                coalesce(v_subscription.ended_at, 'infinity'), v_now);
        end loop;
        perform tenantry.revoke_obsolete_grants(v_subscription, '-infinity', v_starts, v_now);
    end loop;
    perform tenantry.schedule_settlement(p_organization_id);
end
$$;

comment on function tenantry.recompute_stripe_subscriptions(uuid) is
    'Computes the organization''s subscriptions at Stripe and their credits from the mirror. The caller holds the'
    ' lock.';
revoke all on function tenantry.recompute_stripe_subscriptions from public, anon, authenticated, service_role;
