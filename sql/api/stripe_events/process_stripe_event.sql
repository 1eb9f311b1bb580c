-- Takes an event as Stripe sends it: stores it, once, and processes it. What was processed, or means nothing here, is
-- answered as it came out; what failed or could not be placed is tried again.
--
-- Whether the event is Stripe's is for the caller to know: the server checks the signature.
--
-- Locks: as apply_stripe_object(). Raises TN001 (not an event), 42501. Callers: who holds platform:stripe.
create or replace function tenantry.process_stripe_event(p_event jsonb) returns public.stripe_event
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_event tenantry.stripe_events;
begin
    perform tenantry.authorize('platform:stripe');
    perform tenantry.require_stripe_event(p_event);
    insert into tenantry.stripe_events (id, type, api_version, created, livemode, payload, object_id)
    values (
        p_event ->> 'id', p_event ->> 'type', p_event ->> 'api_version', tenantry.stripe_time(p_event -> 'created'),
        coalesce(p_event -> 'livemode' = 'true', false), p_event, p_event #>> '{data,object,id}'
    )
    on conflict (id) do nothing;
    select * into v_event from tenantry.stripe_events as e where e.id = p_event ->> 'id';
    if tenantry.is_stuck_event(v_event.state) then
        v_event := tenantry.process_stored_event(v_event.id);
    end if;
    return tenantry.present_stripe_event(v_event);
end
$$;

comment on function tenantry.process_stripe_event(jsonb) is 'Definer half of public.process_stripe_event.';
revoke all on function tenantry.process_stripe_event from public, anon, authenticated, service_role;
grant execute on function tenantry.process_stripe_event to authenticated, service_role;

create or replace function public.process_stripe_event(event jsonb default null) returns public.stripe_event
language sql volatile
return tenantry.process_stripe_event(event);

comment on function public.process_stripe_event(jsonb) is
    'Stores an event of Stripe''s, once, and processes it; returns what came of it. event: as Stripe sent it, its'
    ' signature checked by the caller. In any order, and however often, events lead to the same state. An error in'
    ' processing is kept with the event (state failed), which is tried again when it is given again. Raises TN001,'
    ' 42501.';
revoke all on function public.process_stripe_event from public, anon, authenticated, service_role;
grant execute on function public.process_stripe_event to authenticated, service_role;
