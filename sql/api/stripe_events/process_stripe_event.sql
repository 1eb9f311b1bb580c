-- Stores an event from Stripe once, and processes it. A repeated event that was processed or ignored returns its
-- outcome. A repeated event that is stuck, or was ignored as foreign, is processed again: the setting of the mode can
-- be different now.
--
-- The caller makes sure that Stripe sent the event: the server checks the signature.
--
-- Locks: the Stripe lock of the customer, then the organization's row and its subscriptions, as in
-- apply_stripe_object().
-- Raises: TN001 (not an event), 42501.
-- Callers: holders of platform:stripe.
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
    if tenantry.is_stuck_event(v_event.state) or v_event.error_message is not null then
        v_event := tenantry.process_stored_event(v_event.id);
    end if;
    return tenantry.present_stripe_event(v_event);
end
$$;

comment on function tenantry.process_stripe_event(jsonb) is
    'Checks platform:stripe and the event, stores the event, and processes it unless this is done already.';
revoke all on function tenantry.process_stripe_event from public, anon, authenticated, service_role;
grant execute on function tenantry.process_stripe_event to authenticated, service_role;

create or replace function public.process_stripe_event(event jsonb default null) returns public.stripe_event
language sql volatile
return tenantry.process_stripe_event(event);

comment on function public.process_stripe_event(jsonb) is
    'Stores an event from Stripe once, processes it, and returns its outcome. event: as Stripe sent it, with a'
    ' signature that the caller has checked. Events lead to the same state in any order and with any repetition. An'
    ' error in processing stays with the event (state failed); the next delivery of the event tries again. Raises'
    ' TN001, 42501.';
revoke all on function public.process_stripe_event from public, anon, authenticated, service_role;
grant execute on function public.process_stripe_event to authenticated, service_role;
