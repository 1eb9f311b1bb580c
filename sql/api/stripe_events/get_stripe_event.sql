-- Returns one event with the payload that Stripe sent.
--
-- Raises: TN001, TN002, 42501.
-- Callers: holders of platform:stripe.
create or replace function tenantry.get_stripe_event(
    p_stripe_event_id text,
    out event public.stripe_event,
    out payload jsonb
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_event tenantry.stripe_events;
begin
    perform tenantry.authorize('platform:stripe');
    perform tenantry.require_text('stripe_event_id', p_stripe_event_id, 255, true);
    select * into v_event from tenantry.stripe_events as e where e.id = p_stripe_event_id;
    if not found then
        perform tenantry.fail_not_found('stripe_event', p_stripe_event_id);
    end if;
    event := tenantry.present_stripe_event(v_event);
    payload := v_event.payload;
end
$$;

comment on function tenantry.get_stripe_event(text) is 'Checks platform:stripe, and returns the event.';
revoke all on function tenantry.get_stripe_event from public, anon, authenticated, service_role;
grant execute on function tenantry.get_stripe_event to authenticated, service_role;

create or replace function public.get_stripe_event(
    stripe_event_id text default null,
    out event public.stripe_event,
    out payload jsonb
)
language sql stable
begin atomic
    select e.event, e.payload from tenantry.get_stripe_event(stripe_event_id) as e;
end;

comment on function public.get_stripe_event(text) is
    'One event from Stripe with its outcome, and payload, as Stripe sent it. stripe_event_id: evt_…. Raises TN001,'
    ' TN002, 42501.';
revoke all on function public.get_stripe_event from public, anon, authenticated, service_role;
grant execute on function public.get_stripe_event to authenticated, service_role;
