-- Computes an organization's subscriptions at Stripe, and the credits that they grant, from the mirror. The result
-- depends on the mirror, on the terms that paid lines keep, and on the clock. So it is the same in any order of events,
-- unless a plan was changed between them.
--
-- A subscription counts if one of its prices is a plan here, or was. If several are live at once,
-- find_live_stripe_subscription() decides which one counts. The others count as cancelled when it began. A live
-- subscription that is not at Stripe is cancelled when one at Stripe is live.
--
-- Credits follow payments: see entitled_credits(). The first trial of the organization grants credits while it lasts,
-- within the limit of its plan.
--
-- p_ids: the objects that changed, from payment_object_ids().
-- Locks: the subscriptions. The caller holds the account's lock and has settled it.
create or replace function tenantry.recompute_stripe_subscriptions(
    p_organization_id uuid,
    p_ids text[]
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := tenantry.clock();
    v_subscription public.organization_subscriptions;
    v_plan public.subscription_plans;
    v_live constant varchar(255) := tenantry.find_live_stripe_subscription(p_organization_id, v_now);
    v_new public.organization_subscriptions;
    v_object tenantry.stripe_objects;
    -- The subscriptions of the objects that changed.
    v_touched constant text[] := array(
        select coalesce(o.subscription, o.id) from tenantry.stripe_objects as o where o.id = any (p_ids)
    );
    v_trial_start timestamptz;
begin
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

    -- Only one can be live at a time. So the live one is written last, when no other is live any more.
    for v_object in
        select o.* from tenantry.stripe_objects as o
        join tenantry.stripe_customers as c on c.stripe_customer_id = o.customer
        where c.organization_id = p_organization_id and o.object = 'subscription'
        order by o.id is not distinct from v_live, (o.data ->> 'created')::bigint, o.id
    loop
        v_new := tenantry.build_stripe_subscription(v_object, v_now);
        -- It is for something else that the customer has at Stripe.
        continue when v_new.subscription_plan_id is null;
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
                metadata, billing_anchor, past_due_at, ended_at, pause_collection, quantity, add_ons
            )
            values (
                p_organization_id, v_new.subscription_plan_id, v_object.id, v_new.stripe_customer_id, v_new.status,
                v_new.current_period_start, v_new.current_period_end, v_new.trial_start, v_new.trial_end,
                v_new.cancel_at_period_end, v_new.cancelled_at, v_new.metadata, v_new.billing_anchor,
                v_new.past_due_at, v_new.ended_at, v_new.pause_collection, v_new.quantity, v_new.add_ons
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

        -- Periods that are over have changed only if their invoice has.
        continue when not v_object.id = any (v_touched) and v_subscription.current_period_end <= v_now;
        v_plan := tenantry.entitled_plan(v_subscription);
        v_trial_start := null;
        -- Only the first trial counts, even if several checkout pages led to one. And it brings credits only within the
        -- limit of its plan.
        if v_subscription.trial_start is not null and not exists (
            select from public.organization_subscriptions as s
            where s.organization_id = p_organization_id
              and (s.trial_start, coalesce(s.stripe_subscription_id, ''))
                  < (v_subscription.trial_start, v_subscription.stripe_subscription_id)
        ) and tenantry.use_stripe_trial(v_subscription, v_plan, v_now) then
            perform tenantry.adjust_trial_grants(v_subscription, v_plan, v_now);
            v_trial_start := v_subscription.trial_start;
        end if;
        perform tenantry.adjust_stripe_grants(v_subscription, v_plan, p_ids, v_trial_start, v_now);
    end loop;
    perform tenantry.schedule_settlement(p_organization_id);
end
$$;

comment on function tenantry.recompute_stripe_subscriptions(uuid, text[]) is
    'Computes the organization''s subscriptions at Stripe and their credits from the mirror. The caller holds the'
    ' lock.';
revoke all on function tenantry.recompute_stripe_subscriptions from public, anon, authenticated, service_role;
