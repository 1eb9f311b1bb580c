-- Builds the row of a subscription from its object at Stripe, in any version of the API: periods are on the
-- subscription (until 2025) or on its items.
--
-- The status is null for a subscription that was never paid: it does not count as a subscription yet. A change of plan
-- at renewal is made at Stripe at once and without a charge. A note in the metadata says which plan holds until then
-- (see create_plan_change_request), and the row follows the note. If the change reached Stripe after that renewal, the
-- invoice of the renewal is for the plan of the note, and the note holds for one period more.
--
-- While the collection of payments is paused, Stripe leaves the status. Nobody pays for a period that begins then, so
-- it brings neither features nor credits: the subscription is expired from its start, until the collection resumes. A
-- period that is paid for keeps both.
--
-- p_object: the mirrored subscription. p_at: the present time, for changes that Stripe has not reported in time.
create or replace function tenantry.build_stripe_subscription(
    p_object tenantry.stripe_objects,
    p_at timestamptz
) returns public.organization_subscriptions
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_data constant jsonb := p_object.data;
    v_new public.organization_subscriptions;
    v_item jsonb;
    v_until timestamptz;
    v_meanwhile public.subscription_plans;
begin
    v_new.stripe_subscription_id := p_object.id;
    v_new.stripe_customer_id := p_object.customer;
    v_new.status := case v_data ->> 'status'
        when 'trialing' then 'trial'
        when 'active' then 'active'
        when 'past_due' then 'past_due'
        when 'canceled' then 'cancelled'
        when 'unpaid' then 'expired'
        when 'paused' then 'expired'
    end;
    -- The first item that is a plan here is the plan, and further ones are add-ons. Other items are ignored.
    with items as (
        select i.value as item, i.position, greatest(coalesce((i.value ->> 'quantity')::integer, 1), 1) as quantity,
            tenantry.find_stripe_plan(coalesce(nullif(i.value -> 'price', 'null'), i.value -> 'plan'), null) as plan_id
        from jsonb_array_elements(coalesce(v_data #> '{items,data}', '[]')) with ordinality as i (value, position)
    ),
    ordered as (
        select i.*, row_number() over (order by i.plan_id is null, i.position) as place from items as i
    )
    select first.item, first.plan_id, first.quantity, (
        select jsonb_agg(
            jsonb_build_object('subscription_plan_id', o.plan_id, 'quantity', o.quantity) order by o.position)
        from ordered as o where o.place > 1 and o.plan_id is not null
    )
    into v_item, v_new.subscription_plan_id, v_new.quantity, v_new.add_ons
    from ordered as first where first.place = 1;
    v_new.quantity := coalesce(v_new.quantity, 1);
    if v_new.subscription_plan_id is null then
        -- The price has left the catalog. The subscription keeps the plan that it had.
        select s.subscription_plan_id into v_new.subscription_plan_id
        from public.organization_subscriptions as s where s.stripe_subscription_id = p_object.id;
    end if;
    v_new.current_period_start := tenantry.stripe_time(
        coalesce(nullif(v_data -> 'current_period_start', 'null'), v_item -> 'current_period_start'));
    v_new.current_period_end := tenantry.stripe_time(
        coalesce(nullif(v_data -> 'current_period_end', 'null'), v_item -> 'current_period_end'));
    v_new.billing_anchor := tenantry.stripe_time(v_data -> 'billing_cycle_anchor');
    v_new.trial_start := tenantry.stripe_time(v_data -> 'trial_start');
    v_new.trial_end := tenantry.stripe_time(v_data -> 'trial_end');
    v_new.cancel_at_period_end := coalesce((v_data ->> 'cancel_at_period_end')::boolean, false)
        or coalesce(tenantry.stripe_time(v_data -> 'cancel_at') <= v_new.current_period_end, false);
    v_new.pause_collection := v_data #>> '{pause_collection,behavior}';
    v_new.cancelled_at := tenantry.stripe_time(v_data -> 'canceled_at');
    -- recompute_stripe_subscriptions() adds this to the metadata that were written here.
    v_new.metadata := case
        when v_data -> 'metadata' <> '{}' and jsonb_typeof(v_data -> 'metadata') = 'object' then
            jsonb_build_object('stripe', v_data -> 'metadata')
    end;
    if v_new.pause_collection is not null and v_new.status in ('active', 'past_due') and not exists (
        select from tenantry.stripe_plan_lines as l
        where l.subscription = p_object.id and l.is_paid and l.period_end > v_new.current_period_start
          and l.period_start <= v_new.current_period_start
    ) and not exists (
        -- Some of the lines of a paid invoice are on their way.
        select from tenantry.stripe_objects as i
        where i.id = tenantry.stripe_id(v_data -> 'latest_invoice') and tenantry.has_unread_lines(i.data)
    ) then
        v_new.status := 'expired';
        v_new.ended_at := v_new.current_period_start;
    end if;
    v_new.ended_at := case
        when v_new.ended_at is not null then v_new.ended_at
        when v_new.status in ('cancelled', 'expired') then
            coalesce(tenantry.stripe_time(v_data -> 'ended_at'), tenantry.stripe_time(v_data -> 'canceled_at'),
                p_object.version)
    end;
    v_new.past_due_at := case
        when v_new.status = 'past_due' then coalesce((
            select min(tenantry.stripe_time(i.data -> 'created'))
            from tenantry.stripe_objects as i
            where i.object = 'invoice' and i.subscription = p_object.id and i.data ->> 'status' = 'open'
              -- An older invoice that is open has had its own grace.
              and tenantry.stripe_time(i.data -> 'created') >= v_new.current_period_start
        ), v_new.current_period_start)
    end;
    v_until := to_timestamp(nullif(v_data #>> '{metadata,tenantry_plan_until}', '')::double precision);
    select * into v_meanwhile
    from public.subscription_plans as p
    where p.id::text = v_data #>> '{metadata,tenantry_plan_meanwhile}';
    if v_until > v_new.current_period_start and v_until > p_at
        or v_until = v_new.current_period_start and exists (
            select from tenantry.stripe_plan_lines as l
            where l.subscription = p_object.id and l.period_end > v_until and l.period_start = v_until
              and l.subscription_plan_id = v_meanwhile.id and not l.is_proration
        ) then
        v_new.pending_plan_id := v_new.subscription_plan_id;
        v_new.subscription_plan_id := v_meanwhile.id;
        v_new.quantity := case when v_data #>> '{metadata,tenantry_quantity_meanwhile}' ~ '^[1-9][0-9]{0,8}$'
            then (v_data #>> '{metadata,tenantry_quantity_meanwhile}')::integer else v_new.quantity end;
    end if;
    return tenantry.subscription_at(v_new, p_at);
end
$$;

comment on function tenantry.build_stripe_subscription(tenantry.stripe_objects, timestamptz) is
    'The row of a subscription, from its object at Stripe; status null for one that was never paid.';
revoke all on function tenantry.build_stripe_subscription from public, anon, authenticated, service_role;
