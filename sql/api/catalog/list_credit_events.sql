-- Lists credit events, oldest first, in keyset pages. Runs as the caller.
--
-- Raises: TN001 (negative page size), TN003 (page token of another listing).
-- Callers: any signed-in user, and the service.
create or replace function public.list_credit_events(
    category text default null,
    is_active boolean default null,
    page_size integer default null,
    page_token text default null,
    out credit_events public.credit_events[],
    out next_page_token text
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_size integer := tenantry.resolve_page_size(page_size);
    v_scope text := format(
        'credit_events %s', jsonb_build_array(list_credit_events.category, list_credit_events.is_active));
    v_after jsonb := tenantry.decode_page_token(page_token, v_scope);
    v_last public.credit_events;
begin
    select coalesce(array_agg(page.credit_event), '{}') into credit_events
    from (
        select e as credit_event
        from public.credit_events as e
        where (list_credit_events.category is null or e.category = list_credit_events.category)
          and (list_credit_events.is_active is null or e.is_active = list_credit_events.is_active)
          and (v_after is null or (e.created_at, e.id) > ((v_after ->> 0)::timestamptz, (v_after ->> 1)::uuid))
        order by e.created_at, e.id
        limit v_size + 1
    ) as page;
    v_size := tenantry.page_length(credit_events, v_size);
    if cardinality(credit_events) > v_size then
        credit_events := credit_events[:v_size];
        v_last := credit_events[v_size];
        next_page_token := tenantry.encode_page_token(v_scope, jsonb_build_array(v_last.created_at, v_last.id));
    end if;
end
$$;

comment on function public.list_credit_events(text, boolean, integer, text) is
    'Credit events, oldest first. category, is_active: only events with this value. page_size: rows, 50 unless given,'
    ' at most 1000. page_token: next_page_token of the page before. Raises TN001, TN003.';
revoke all on function public.list_credit_events from public, anon, authenticated, service_role;
grant execute on function public.list_credit_events to authenticated, service_role;
