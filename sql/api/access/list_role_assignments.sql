-- Lists role assignments by user, by organization or by both, oldest first, in keyset pages. Runs as the caller.
--
-- Raises: TN001, TN003.
-- Callers: any signed-in user, and the service; row-level security decides which assignments they see.
create or replace function public.list_role_assignments(
    user_id uuid default null,
    organization_id uuid default null,
    page_size integer default null,
    page_token text default null,
    out user_roles public.user_roles[],
    out next_page_token text
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_size integer := tenantry.resolve_page_size(page_size);
    v_scope constant text := format('user_roles %s', jsonb_build_array(user_id, organization_id));
    v_after constant jsonb := tenantry.decode_page_token(page_token, v_scope);
    v_last public.user_roles;
begin
    select coalesce(array_agg(page.item), '{}') into user_roles
    from (
        select ur as item
        from public.user_roles as ur
        where (list_role_assignments.user_id is null or ur.user_id = list_role_assignments.user_id)
          and (list_role_assignments.organization_id is null
              or ur.organization_id = list_role_assignments.organization_id)
          and (v_after is null or (ur.created_at, ur.id) > ((v_after ->> 0)::timestamptz, (v_after ->> 1)::uuid))
        order by ur.created_at, ur.id
        limit v_size + 1
    ) as page;
    v_size := tenantry.page_length(user_roles, v_size);
    if cardinality(user_roles) > v_size then
        user_roles := user_roles[:v_size];
        v_last := user_roles[v_size];
        next_page_token := tenantry.encode_page_token(v_scope, jsonb_build_array(v_last.created_at, v_last.id));
    end if;
end
$$;

comment on function public.list_role_assignments(uuid, uuid, integer, text) is
    'Assignments of roles, oldest first. user_id, organization_id: only of these. page_size: rows, 50 unless given, at'
    ' most 1000. page_token: next_page_token of the page before. Raises TN001, TN003.';
revoke all on function public.list_role_assignments from public, anon, authenticated, service_role;
grant execute on function public.list_role_assignments to authenticated, service_role;
