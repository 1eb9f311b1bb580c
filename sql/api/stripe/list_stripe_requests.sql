-- Lists requests to Stripe, newest first, in keyset pages.
--
-- Raises: TN001, TN003, 42501.
-- Callers: holders of billing:read in the organization; holders of platform:stripe for the requests of all.
create or replace function tenantry.list_stripe_requests(
    p_organization_id uuid,
    p_operation text,
    p_state text,
    p_page_size integer,
    p_page_token text,
    out stripe_requests public.stripe_request[],
    out next_page_token text
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_size integer := tenantry.resolve_page_size(p_page_size);
    v_scope constant text := format('stripe_requests %s %s %s', p_organization_id, p_operation, p_state);
    v_after constant uuid := tenantry.decode_page_token(p_page_token, v_scope) ->> 0;
begin
    perform tenantry.authorize(
        case when p_organization_id is null then 'platform:stripe' else 'billing:read' end, p_organization_id);
    select coalesce(array_agg(page.item), '{}') into stripe_requests
    from (
        select tenantry.present_stripe_request(r) as item
        from tenantry.stripe_requests as r
        where (p_organization_id is null or r.organization_id = p_organization_id)
          and (p_operation is null or r.operation = p_operation)
          and (p_state is null or r.state = p_state)
          and (v_after is null or r.id < v_after)
        order by r.id desc
        limit v_size + 1
    ) as page;
    v_size := tenantry.page_length(stripe_requests, v_size);
    if cardinality(stripe_requests) > v_size then
        stripe_requests := stripe_requests[:v_size];
        next_page_token := tenantry.encode_page_token(v_scope, jsonb_build_array((stripe_requests[v_size]).id));
    end if;
end
$$;

comment on function tenantry.list_stripe_requests(uuid, text, text, integer, text) is
    'Checks billing:read or platform:stripe, and lists the requests.';
revoke all on function tenantry.list_stripe_requests from public, anon, authenticated, service_role;
grant execute on function tenantry.list_stripe_requests to authenticated, service_role;

create or replace function public.list_stripe_requests(
    organization_id uuid default null,
    operation text default null,
    state text default null,
    page_size integer default null,
    page_token text default null,
    out stripe_requests public.stripe_request[],
    out next_page_token text
)
language sql stable
begin atomic
    select x.stripe_requests, x.next_page_token
    from tenantry.list_stripe_requests(organization_id, operation, state, page_size, page_token) as x;
end;

comment on function public.list_stripe_requests(uuid, text, text, integer, text) is
    'Requests to Stripe, newest first: of an organization, or of all with platform:stripe. Filters: operation, state.'
    ' page_size: rows, 50 unless given, at most 1000. page_token: next_page_token of the page before. Raises TN001,'
    ' TN003, 42501.';
revoke all on function public.list_stripe_requests from public, anon, authenticated, service_role;
grant execute on function public.list_stripe_requests to authenticated, service_role;
