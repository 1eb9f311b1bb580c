-- Lists the users who hold a permission in an organization, in the order of user ids. A caller who can see global roles
-- also gets the users who hold the permission everywhere.
--
-- Raises: TN001, TN003, 42501.
-- Callers: holders of members:read in the organization.
create or replace function tenantry.list_users_with_permission(
    p_organization_id uuid,
    p_permission text,
    p_page_size integer,
    p_page_token text,
    out user_ids text[],
    out next_page_token text
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_size integer := tenantry.resolve_page_size(p_page_size);
    v_scope constant text := format('users_with %s', jsonb_build_array(p_organization_id, p_permission));
    v_everywhere constant boolean := tenantry.is_global_role_visible();
    v_allowed_by constant text[] := tenantry.permissions_granting(p_permission);
    v_after constant uuid := (tenantry.decode_page_token(p_page_token, v_scope) ->> 0)::uuid;
begin
    perform tenantry.authorize('members:read', p_organization_id);
    perform tenantry.require_permission_name(p_permission);
    select coalesce(array_agg(page.user_id order by page.user_id)::text[], '{}') into user_ids
    from (
        select distinct ur.user_id
        from public.user_roles as ur
        join tenantry.role_grants as g on g.role_id = ur.role_id
        where (ur.organization_id = p_organization_id or ur.organization_id is null and v_everywhere)
          and (g.organization_id is null or g.organization_id = ur.organization_id)
          and g.permissions && v_allowed_by
          and not tenantry.is_account_blocked(ur.user_id)
          and (v_after is null or ur.user_id > v_after)
        order by ur.user_id
        limit v_size + 1
    ) as page;
    v_size := tenantry.page_length(user_ids, v_size);
    if cardinality(user_ids) > v_size then
        user_ids := user_ids[:v_size];
        next_page_token := tenantry.encode_page_token(v_scope, jsonb_build_array(user_ids[v_size]));
    end if;
end
$$;

comment on function tenantry.list_users_with_permission(uuid, text, integer, text) is
    'Checks members:read and lists a page of users.';
revoke all on function tenantry.list_users_with_permission from public, anon, authenticated, service_role;
grant execute on function tenantry.list_users_with_permission to authenticated, service_role;

create or replace function public.list_users_with_permission(
    organization_id uuid default null,
    permission text default null,
    page_size integer default null,
    page_token text default null,
    out user_ids text[],
    out next_page_token text
)
language sql stable
begin atomic
    select x.user_ids, x.next_page_token
    from tenantry.list_users_with_permission(organization_id, permission, page_size, page_token) as x;
end;

comment on function public.list_users_with_permission(uuid, text, integer, text) is
    'Ids of the users who hold the permission (resource:action) in the organization. page_size: rows, 50 unless given,'
    ' at most 1000. page_token: next_page_token of the page before. Raises TN001, TN003, 42501.';
revoke all on function public.list_users_with_permission from public, anon, authenticated, service_role;
grant execute on function public.list_users_with_permission to authenticated, service_role;
