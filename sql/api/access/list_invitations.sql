-- Lists the invitations of an organization, newest first, in keyset pages.
--
-- Raises: TN001, TN003, 42501.
-- Callers: holders of members:manage in the organization.
create or replace function tenantry.list_invitations(
    p_organization_id uuid,
    p_page_size integer,
    p_page_token text,
    out invitations public.invitation[],
    out next_page_token text
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_size integer := tenantry.resolve_page_size(p_page_size);
    v_scope constant text := format('invitations %s', p_organization_id);
    v_after constant jsonb := tenantry.decode_page_token(p_page_token, v_scope);
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.authorize('members:manage', p_organization_id);
    select coalesce(array_agg(page.item), '{}') into invitations
    from (
        select tenantry.present_invitation(i) as item
        from tenantry.invitations as i
        where i.organization_id = p_organization_id
          and (v_after is null or (i.created_at, i.id) < ((v_after ->> 0)::timestamptz, (v_after ->> 1)::uuid))
        order by i.created_at desc, i.id desc
        limit v_size + 1
    ) as page;
    v_size := tenantry.page_length(invitations, v_size);
    if cardinality(invitations) > v_size then
        invitations := invitations[:v_size];
        next_page_token := tenantry.encode_page_token(
            v_scope, jsonb_build_array((invitations[v_size]).created_at, (invitations[v_size]).id));
    end if;
end
$$;

comment on function tenantry.list_invitations(uuid, integer, text) is
    'Checks members:manage and lists a page of invitations.';
revoke all on function tenantry.list_invitations from public, anon, authenticated, service_role;
grant execute on function tenantry.list_invitations to authenticated, service_role;

create or replace function public.list_invitations(
    organization_id uuid default null,
    page_size integer default null,
    page_token text default null,
    out invitations public.invitation[],
    out next_page_token text
)
language sql stable
begin atomic
    select x.invitations, x.next_page_token
    from tenantry.list_invitations(organization_id, page_size, page_token) as x;
end;

comment on function public.list_invitations(uuid, integer, text) is
    'The invitations of an organization, newest first. page_size: rows, 50 unless given, at most 1000. page_token:'
    ' next_page_token of the page before. Raises TN001, TN003, 42501.';
revoke all on function public.list_invitations from public, anon, authenticated, service_role;
grant execute on function public.list_invitations to authenticated, service_role;
