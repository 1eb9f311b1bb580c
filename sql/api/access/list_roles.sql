-- Lists the global roles and an organization's own roles by name, in keyset pages. Runs as the caller.
--
-- Raises: TN001 (negative page size), TN003 (page token of another listing).
-- Callers: any signed-in user, and the service.
create or replace function public.list_roles(
    organization_id uuid default null,
    page_size integer default null,
    page_token text default null,
    out roles public.roles[],
    out next_page_token text
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_size integer := tenantry.resolve_page_size(page_size);
    v_scope constant text := format('roles %s', jsonb_build_array(list_roles.organization_id));
    v_after constant jsonb := tenantry.decode_page_token(page_token, v_scope);
    v_last public.roles;
begin
    select coalesce(array_agg(page.item), '{}') into roles
    from (
        select r as item
        from public.roles as r
        where (r.organization_id is null or r.organization_id = list_roles.organization_id)
          and (v_after is null or (r.name) > ((v_after ->> 0)::text))
        order by r.name
        limit v_size + 1
    ) as page;
    v_size := tenantry.page_length(roles, v_size);
    if cardinality(roles) > v_size then
        roles := roles[:v_size];
        v_last := roles[v_size];
        next_page_token := tenantry.encode_page_token(v_scope, jsonb_build_array(v_last.name));
    end if;
end
$$;

comment on function public.list_roles(uuid, integer, text) is
    'Global roles and, with organization_id, the own roles of that organization. page_size: rows, 50 unless given, at'
    ' most 1000. page_token: next_page_token of the page before. Raises TN001, TN003.';
revoke all on function public.list_roles from public, anon, authenticated, service_role;
grant execute on function public.list_roles to authenticated, service_role;
