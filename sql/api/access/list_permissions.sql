-- Lists permissions by name, in keyset pages. Runs as the caller.
--
-- Raises: TN001 (negative page size), TN003 (page token of another listing).
-- Callers: any signed-in user, and the service.
create or replace function public.list_permissions(
    resource text default null,
    page_size integer default null,
    page_token text default null,
    out permissions public.permissions[],
    out next_page_token text
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_size integer := tenantry.resolve_page_size(page_size);
    v_scope constant text := format('permissions %s', jsonb_build_array(list_permissions.resource));
    v_after constant jsonb := tenantry.decode_page_token(page_token, v_scope);
    v_last public.permissions;
begin
    select coalesce(array_agg(page.item), '{}') into permissions
    from (
        select p as item
        from public.permissions as p
        where (list_permissions.resource is null or p.resource = list_permissions.resource)
          and (v_after is null or (p.name) > ((v_after ->> 0)::text))
        order by p.name
        limit v_size + 1
    ) as page;
    v_size := tenantry.page_length(permissions, v_size);
    if cardinality(permissions) > v_size then
        permissions := permissions[:v_size];
        v_last := permissions[v_size];
        next_page_token := tenantry.encode_page_token(v_scope, jsonb_build_array(v_last.name));
    end if;
end
$$;

comment on function public.list_permissions(text, integer, text) is
    'Permissions, by name. resource: only of this resource. page_size: rows, 50 unless given, at most 1000.'
    ' page_token: next_page_token of the page before. Raises TN001, TN003.';
revoke all on function public.list_permissions from public, anon, authenticated, service_role;
grant execute on function public.list_permissions to authenticated, service_role;
