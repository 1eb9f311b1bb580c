-- Lists the organizations that the caller can see, oldest first, in keyset pages. Runs as the caller.
--
-- Raises: TN001 (negative page size), TN003 (page token of another listing).
-- Callers: any signed-in user, and the service.
create or replace function public.list_organizations(
    is_active boolean default null,
    page_size integer default null,
    page_token text default null,
    out organizations public.organizations[],
    out next_page_token text
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_size integer := tenantry.resolve_page_size(page_size);
    v_scope text := format('organizations %s', list_organizations.is_active);
    v_after jsonb := tenantry.decode_page_token(page_token, v_scope);
    v_last public.organizations;
begin
    select coalesce(array_agg(page.organization), '{}') into organizations
    from (
        select o as organization
        from public.organizations as o
        where (list_organizations.is_active is null or o.is_active = list_organizations.is_active)
          and (v_after is null or (o.created_at, o.id) > ((v_after ->> 0)::timestamptz, (v_after ->> 1)::uuid))
        order by o.created_at, o.id
        limit v_size + 1
    ) as page;
    v_size := tenantry.page_length(organizations, v_size);
    if cardinality(organizations) > v_size then
        organizations := organizations[:v_size];
        v_last := organizations[v_size];
        next_page_token := tenantry.encode_page_token(v_scope, jsonb_build_array(v_last.created_at, v_last.id));
    end if;
end
$$;

comment on function public.list_organizations(boolean, integer, text) is
    'Organizations that the caller can see, oldest first. is_active: only active, or only inactive ones. page_size:'
    ' rows, 50 unless given, at most 1000. page_token: next_page_token of the page before. Raises TN001, TN003.';
revoke all on function public.list_organizations from public, anon, authenticated, service_role;
grant execute on function public.list_organizations to authenticated, service_role;
