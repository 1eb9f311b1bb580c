-- Requests that Stripe changes the plan of a subscription, or the quantity of the plan. Stripe never gives money back
-- for a change, because the credits that the money bought can be spent or under a hold.
--
-- - A change now, with the same billing period: Stripe charges the difference of the prices from the start of the
--   current credit period. The credits of this period come in full, so its price is paid in full.
-- - A change to a plan that costs less, or whose credits come monthly instead of at once or the other way round, with
--   the same billing period: it takes effect at the renewal.
-- - A change now, with another billing period: a new period starts at its full price (billing_cycle_anchor). The
--   credits of the old one stay.
-- - A change at renewal: Stripe changes the plan now and charges nothing. A note in the metadata says which plan and
--   quantity hold until then; recompute_stripe_subscriptions() follows it.
--
-- The item of the present plan changes. The other items of the subscription, such as metered ones, stay.
--
-- Stripe makes a change now when it is paid (pending_if_incomplete). If the payment needs the customer, for example for
-- 3-D Secure, the request keeps the address of the invoice, and the change waits there for 23 hours. Stripe accepts no
-- metadata in such a request, so an old note is removed by a request of its own.
--
-- Until a change at renewal takes effect, only another change at renewal is possible: Stripe has the later plan
-- already, so a change now would cost nothing, or give back money that was never paid. A change at renewal to the
-- present plan removes the note. While a change now is under way, no other change is possible, because it would be
-- judged by a plan that the subscription is about to leave. During a trial, when a change costs nothing, only a plan
-- that offers a trial is possible.
--
-- p_quantity: how many times the subscription takes the new plan; null leaves the quantity.
--
-- Raises: TN001 for a change at renewal between billing periods of different length, since Stripe would start the new
-- one now; TN001 for a change now while a change at renewal is pending; TN028 for a trial and a plan whose trial the
-- organization cannot have; TN047, also while a change now is under way; TN050 for a subscription whose collection is
-- paused, because Stripe would charge nothing.
create or replace function tenantry.create_plan_change_request(
    p_subscription public.organization_subscriptions,
    p_old public.subscription_plans,
    p_new public.subscription_plans,
    p_quantity integer,
    p_at_renewal boolean
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_data constant jsonb := (
        select o.data from tenantry.stripe_objects as o where o.id = p_subscription.stripe_subscription_id
    );
    -- Stripe has a plan that is to come already.
    v_item constant jsonb := tenantry.stripe_plan_item(v_data, (
        select p from public.subscription_plans as p
        where p.id = coalesce(p_subscription.pending_plan_id, p_old.id)
    ));
    -- The note of a change at renewal says the quantity until then.
    v_old_quantity constant integer := coalesce(
        case when p_subscription.pending_plan_id is not null
            then nullif(v_data #>> '{metadata,tenantry_quantity_meanwhile}', '') end,
        v_item ->> 'quantity', '1')::integer;
    v_quantity constant integer := coalesce(p_quantity, v_old_quantity);
    -- These are null if the present plan is not known here.
    v_other_period constant boolean :=
        (p_new.interval, p_new.interval_count) <> (p_old.interval, p_old.interval_count);
    -- If the credits of one plan come at once and those of the other month by month, the change has no fair price.
    v_waits constant boolean
        := p_new.price_amount::bigint * v_quantity < p_old.price_amount::bigint * v_old_quantity
        or (p_new.features ->> 'credit_interval') is distinct from (p_old.features ->> 'credit_interval')
        and (p_new.interval, p_new.interval_count) <> ('monthly', 1);
    v_is_trial constant boolean := p_subscription.status = 'trial';
    v_at_renewal constant boolean := p_at_renewal or (not v_is_trial and v_waits and not v_other_period) is true;
    v_comes_later constant boolean := v_at_renewal and (p_new.id, v_quantity) <> (p_old.id, v_old_quantity);
    v_prorates constant boolean := not v_at_renewal and v_other_period is false;
    -- A trial costs nothing, at any date, and keeps its end.
    v_starts_anew constant boolean := not v_at_renewal and not v_prorates and not v_is_trial;
    v_note constant jsonb := jsonb_build_object(
        'tenantry_plan_until', case
            when v_comes_later then extract(epoch from p_subscription.current_period_end)::bigint::text
            else ''
        end,
        'tenantry_plan_meanwhile', case when v_comes_later then p_old.id::text else '' end,
        'tenantry_quantity_meanwhile', case when v_comes_later then v_old_quantity::text else '' end);
    v_params jsonb;
    -- Its add-ons stay, and their seats count, too.
    v_changed public.organization_subscriptions := p_subscription;
begin
    perform tenantry.require_plan_quantity(p_new, v_quantity);
    v_changed.subscription_plan_id := p_new.id;
    v_changed.quantity := v_quantity;
    perform tenantry.require_plan_seats(
        p_subscription.organization_id, (tenantry.entitled_plan(v_changed)).max_users);
    if not v_at_renewal and not v_is_trial and coalesce(v_data -> 'pause_collection', 'null') <> 'null' then
        perform tenantry.fail(
            'TN050', 'the collection of payments is paused',
            jsonb_build_object(
                'subscription_id', p_subscription.id, 'stripe_subscription_id', p_subscription.stripe_subscription_id),
            'Resume the collection at Stripe first, or change the plan at the renewal.');
    elsif v_at_renewal and v_other_period is not false then
        perform tenantry.fail_invalid(
            'at_renewal', 'is for a plan with the same billing period; a change to another starts it now');
    elsif tenantry.is_local_stripe_id(p_new.stripe_price_id) then
        perform tenantry.fail_invalid('subscription_plan', 'has no price at Stripe yet');
    elsif not v_at_renewal and (
        p_subscription.pending_plan_id is not null
        or exists (
            select from tenantry.stripe_requests as r
            where r.organization_id = p_subscription.organization_id and r.operation = 'change_plan'
              and r.subject_id = p_subscription.id and r.state = 'pending'
              and r.params #>> '{metadata,tenantry_plan_until}' <> ''
        )
    ) then
        perform tenantry.fail_invalid(
            'at_renewal',
            'must be true while another plan is to come at renewal;'
            ' a change at renewal to the present plan takes it back');
    elsif not v_at_renewal and v_is_trial then
        perform tenantry.require_trial_offered(p_new);
        if not tenantry.use_stripe_trial(p_subscription, p_new, tenantry.clock()) then
            perform tenantry.fail_trial_used(p_subscription.organization_id, p_new);
        end if;
    end if;
    v_params := jsonb_strip_nulls(jsonb_build_object(
        'items', jsonb_build_array(jsonb_build_object(
            'id', v_item ->> 'id', 'price', p_new.stripe_price_id, 'quantity', v_quantity)),
        'proration_behavior', case when v_prorates then 'always_invoice' else 'none' end,
        'proration_date', case
            when v_prorates and not v_is_trial then (
                select extract(epoch from max(c.starts_at))::bigint
                from tenantry.credit_periods(
                    p_new, p_subscription.billing_anchor, p_subscription.current_period_start,
                    p_subscription.current_period_end) as c
                where c.starts_at <= greatest(tenantry.clock(), p_subscription.current_period_start)
            )
        end,
        'billing_cycle_anchor', case when v_starts_anew then '{"type": "now"}'::jsonb end,
        -- Without the payment, Stripe does not change the plan. It knows pending updates for charged customers only.
        'payment_behavior', case
            when v_at_renewal then null
            when v_data ->> 'collection_method' = 'send_invoice' then 'error_if_incomplete'
            else 'pending_if_incomplete'
        end,
        'expand', case when not v_at_renewal then '["latest_invoice"]'::jsonb end,
        'metadata', case when v_at_renewal then v_note end));
    if exists (
        select from tenantry.stripe_requests as r
        where r.organization_id = p_subscription.organization_id and r.operation = 'change_plan'
          and r.subject_id = p_subscription.id and r.state = 'pending'
          and r.params ? 'payment_behavior' and r.params <> v_params
    ) then
        perform tenantry.fail(
            'TN047', 'another change of the plan is under way',
            jsonb_build_object('organization_id', p_subscription.organization_id, 'pending', 1),
            'Wait until it has been answered.');
    end if;
    if not v_at_renewal and v_data #>> '{metadata,tenantry_plan_until}' <> '' then
        perform tenantry.create_subscription_request(
            p_subscription, 'change_plan', 'post', jsonb_build_object('metadata', v_note));
    end if;
    perform tenantry.create_subscription_request(p_subscription, 'change_plan', 'post', v_params);
end
$$;

comment on function tenantry.create_plan_change_request(
    public.organization_subscriptions, public.subscription_plans, public.subscription_plans, integer, boolean
) is 'Creates a request that changes the plan of a subscription at Stripe. Raises TN001, TN023, TN028, TN047, TN050.';
revoke all on function tenantry.create_plan_change_request from public, anon, authenticated, service_role;
