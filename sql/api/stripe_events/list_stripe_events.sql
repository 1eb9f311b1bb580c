-- Lists events from Stripe, newest first, in keyset pages.
--
-- Raises: TN001, TN003, 42501.
-- Callers: holders of platform:stripe.
create or replace function tenantry.list_stripe_events(
    p_state text,
    p_type text,
    p_organization_id uuid,
    p_page_size integer,
    p_page_token text,
    out events public.stripe_event[],
    out next_page_token text
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_size integer := tenantry.resolve_page_size(p_page_size);
    v_scope constant text := format('stripe_events %s', jsonb_build_array(p_state, p_type, p_organization_id));
    v_after constant jsonb := tenantry.decode_page_token(p_page_token, v_scope);
    v_last public.stripe_event;
begin
    perform tenantry.authorize('platform:stripe');
    if p_state not in ('pending', 'processed', 'ignored', 'unmatched', 'failed', 'stuck') then
        perform tenantry.fail_invalid('state', 'must be pending, processed, ignored, unmatched, failed or stuck');
    end if;
    select coalesce(array_agg(tenantry.present_stripe_event(page.e)), '{}') into events
    from (
        select e
        from tenantry.stripe_events as e
        where (p_state is null or e.state = p_state
              or p_state = 'stuck' and tenantry.is_stuck_event(e.state))
          and (p_type is null or e.type = p_type)
          and (p_organization_id is null or e.organization_id = p_organization_id)
          and (v_after is null or (e.received_at, e.id) < ((v_after ->> 0)::timestamptz, v_after ->> 1))
        order by e.received_at desc, e.id desc
        limit v_size + 1
    ) as page;
    v_size := tenantry.page_length(events, v_size);
    if cardinality(events) > v_size then
        events := events[:v_size];
        v_last := events[v_size];
        next_page_token := tenantry.encode_page_token(v_scope, jsonb_build_array(v_last.received_at, v_last.id));
    end if;
end
$$;

comment on function tenantry.list_stripe_events(text, text, uuid, integer, text) is
    'Checks platform:stripe, and lists the events.';
revoke all on function tenantry.list_stripe_events from public, anon, authenticated, service_role;
grant execute on function tenantry.list_stripe_events to authenticated, service_role;

create or replace function public.list_stripe_events(
    state text default null,
    type text default null,
    organization_id uuid default null,
    page_size integer default null,
    page_token text default null,
    out events public.stripe_event[],
    out next_page_token text
)
language sql stable
begin atomic
    select x.events, x.next_page_token
    from tenantry.list_stripe_events(state, type, organization_id, page_size, page_token) as x;
end;

comment on function public.list_stripe_events(text, text, uuid, integer, text) is
    'Events from Stripe, newest first. Filters: state (pending, processed, ignored, unmatched, failed, or stuck for'
    ' pending, unmatched and failed together), type such as invoice.paid, organization_id. page_size: rows, 50 unless'
    ' given, at most 1000. Raises TN001, TN003, 42501.';
revoke all on function public.list_stripe_events from public, anon, authenticated, service_role;
grant execute on function public.list_stripe_events to authenticated, service_role;
