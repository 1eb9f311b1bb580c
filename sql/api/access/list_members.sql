-- Lists the members of an organization with their roles there, in the order of user ids, in keyset pages.
--
-- Raises: TN001, TN003, 42501.
-- Callers: holders of members:read in the organization.
create or replace function tenantry.list_members(
    p_organization_id uuid,
    p_page_size integer,
    p_page_token text,
    out members public.member[],
    out next_page_token text
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_size integer := tenantry.resolve_page_size(p_page_size);
    v_scope constant text := format('members %s', p_organization_id);
    v_after constant uuid := (tenantry.decode_page_token(p_page_token, v_scope) ->> 0)::uuid;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.authorize('members:read', p_organization_id);
    select coalesce(array_agg(page.item order by page.user_id), '{}') into members
    from (
        select
            ur.user_id,
            row(ur.user_id, u.email, array_agg(coalesce(r.display_name, r.name)::text order by r.name),
                min(ur.created_at))::public.member as item
        from public.user_roles as ur
        join public.roles as r on r.id = ur.role_id
        left join auth.users as u on u.id = ur.user_id
        where ur.organization_id = p_organization_id and (v_after is null or ur.user_id > v_after)
        group by ur.user_id, u.email
        order by ur.user_id
        limit v_size + 1
    ) as page;
    v_size := tenantry.page_length(members, v_size);
    if cardinality(members) > v_size then
        members := members[:v_size];
        next_page_token := tenantry.encode_page_token(v_scope, jsonb_build_array((members[v_size]).user_id));
    end if;
end
$$;

comment on function tenantry.list_members(uuid, integer, text) is 'Checks members:read and lists a page of members.';
revoke all on function tenantry.list_members from public, anon, authenticated, service_role;
grant execute on function tenantry.list_members to authenticated, service_role;

create or replace function public.list_members(
    organization_id uuid default null,
    page_size integer default null,
    page_token text default null,
    out members public.member[],
    out next_page_token text
)
language sql stable
begin atomic
    select x.members, x.next_page_token
    from tenantry.list_members(organization_id, page_size, page_token) as x;
end;

comment on function public.list_members(uuid, integer, text) is
    'The members of an organization with their roles. page_size: rows, 50 unless given, at most 1000. page_token:'
    ' next_page_token of the page before. Raises TN001, TN003, 42501.';
revoke all on function public.list_members from public, anon, authenticated, service_role;
grant execute on function public.list_members to authenticated, service_role;
