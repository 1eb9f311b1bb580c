-- Lists an organization's holds, newest first, in keyset pages.
--
-- Locks: nothing. It writes nothing.
-- Raises: TN001, TN002, TN003, 42501.
-- Callers: holders of credits:read in the organization.
create or replace function tenantry.list_holds(
    p_organization_id uuid,
    p_state text,
    p_page_size integer,
    p_page_token text,
    out holds public.credit_hold[],
    out next_page_token text
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_size integer := tenantry.resolve_page_size(p_page_size);
    v_scope constant text := format('credit_holds %s', jsonb_build_array(p_organization_id, p_state));
    v_after constant uuid := tenantry.decode_page_token(p_page_token, v_scope) ->> 0;
    v_now timestamptz;
begin
    v_now := tenantry.account_time(tenantry.read_account(p_organization_id));
    if p_state not in ('active', 'captured', 'released', 'lapsed') then
        perform tenantry.fail_invalid('state', 'must be active, captured, released or lapsed');
    end if;
    -- Ids are ordered by time: they are the order and the key.
    select coalesce(array_agg(page.hold), '{}') into holds
    from (
        select tenantry.present_hold(h, v_now) as hold
        from tenantry.credit_holds as h
        where h.organization_id = p_organization_id
          and (v_after is null or h.id < v_after)
          and (p_state is null or p_state = case
              when h.state = 'active' and h.expires_at <= v_now then 'lapsed' else h.state end)
        order by h.id desc
        limit v_size + 1
    ) as page;
    v_size := tenantry.page_length(holds, v_size);
    if cardinality(holds) > v_size then
        holds := holds[:v_size];
        next_page_token := tenantry.encode_page_token(v_scope, jsonb_build_array((holds[v_size]).id));
    end if;
end
$$;

comment on function tenantry.list_holds(uuid, text, integer, text) is
    'Checks the permission, and lists the holds with the states that they have now.';
revoke all on function tenantry.list_holds from public, anon, authenticated, service_role;
grant execute on function tenantry.list_holds to authenticated, service_role;

create or replace function public.list_holds(
    organization_id uuid default null,
    state text default null,
    page_size integer default null,
    page_token text default null,
    out holds public.credit_hold[],
    out next_page_token text
)
language sql stable
begin atomic
    select l.holds, l.next_page_token from tenantry.list_holds(organization_id, state, page_size, page_token) as l;
end;

comment on function public.list_holds(uuid, text, integer, text) is
    'The organization''s holds, newest first. state: only active, captured, released or lapsed ones. page_size: rows,'
    ' 50 unless given, at most 1000. Raises TN001, TN002, TN003, 42501.';
revoke all on function public.list_holds from public, anon, authenticated, service_role;
grant execute on function public.list_holds to authenticated, service_role;
