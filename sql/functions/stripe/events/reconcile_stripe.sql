-- Applies an object or event that was read from Stripe, as if its event had arrived. Returns the differences that this
-- makes here.
--
-- p_object: the object as Stripe returned it. p_version: Stripe's time of the answer.
--
-- Locks: the Stripe lock of the object's customer, then as apply_stripe_object().
-- Raises: TN001 (not an event), 42501.
-- Callers: holders of platform:stripe.
create or replace function tenantry.reconcile_stripe(
    p_object jsonb,
    p_version timestamptz,
    out organization_id uuid,
    out kind text,
    out name text,
    out before text,
    out after text
) returns setof record
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_is_event constant boolean := p_object ->> 'object' = 'event';
    v_object constant jsonb := case when v_is_event then p_object #> '{data,object}' else p_object end;
    v_organization_id uuid;
    v_before jsonb;
    v_event_before text;
    v_event public.stripe_event;
begin
    perform tenantry.authorize('platform:stripe');
    perform tenantry.lock_stripe(tenantry.find_stripe_customer(v_object));
    -- The mirrored object tells its organization. Nothing is derived from it yet.
    perform tenantry.upsert_stripe_object(
        v_object,
        case when v_is_event then tenantry.stripe_time(p_object -> 'created') else p_version end,
        case when v_is_event then p_object ->> 'id' else 'answer:reconcile' end)
    where v_object ? 'id' and v_object ? 'object';
    select f.organization_id into v_organization_id from tenantry.find_stripe_organization(v_object ->> 'id') as f;
    select jsonb_object_agg(s.kind || ' ' || s.name, s.state) into v_before
    from tenantry.describe_derived_state(v_organization_id) as s;

    if v_is_event then
        select e.state into v_event_before from tenantry.stripe_events as e where e.id = p_object ->> 'id';
        v_event := tenantry.process_stripe_event(p_object);
        if v_event.state is distinct from v_event_before and v_event.state <> 'ignored' then
            organization_id := v_event.organization_id;
            kind := 'event';
            name := format('%s %s', v_event.type, v_event.id);
            before := coalesce(v_event_before, 'missed');
            after := concat_ws(': ', v_event.state, v_event.error_message);
            return next;
        end if;
    else
        perform tenantry.apply_stripe_object(p_object, p_version, 'answer:reconcile');
        perform tenantry.process_waiting_events(p_object ->> 'id');
    end if;

    return query
    select v_organization_id, s.kind, s.name, v_before ->> (s.kind || ' ' || s.name), s.state
    from tenantry.describe_derived_state(v_organization_id) as s
    where v_before ->> (s.kind || ' ' || s.name) is distinct from s.state
    order by s.kind, s.name;
end
$$;

comment on function tenantry.reconcile_stripe(jsonb, timestamptz) is
    'Applies an object or event that was read from Stripe; returns the differences. Raises TN001, 42501.';
revoke all on function tenantry.reconcile_stripe from public, anon, authenticated, service_role;
grant execute on function tenantry.reconcile_stripe to service_role;
