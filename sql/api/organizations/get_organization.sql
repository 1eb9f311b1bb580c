-- Returns an organization by id or by slug. Runs as the caller; row-level security decides which organizations exist.
--
-- Raises: TN001 unless exactly one of the two is given, TN002.
-- Callers: any signed-in user, and the service.
create or replace function public.get_organization(
    organization_id uuid default null,
    slug text default null
) returns public.organizations
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_organization public.organizations;
begin
    if num_nonnulls(organization_id, get_organization.slug) <> 1 then
        perform tenantry.fail_invalid('organization_id', 'give either organization_id or slug');
    end if;
    select * into v_organization
    from public.organizations as o
    where o.id = organization_id or o.slug = get_organization.slug;
    if not found then
        perform tenantry.fail_not_found('organization', coalesce(organization_id::text, get_organization.slug));
    end if;
    return v_organization;
end
$$;

comment on function public.get_organization(uuid, text) is
    'The organization of that id or that slug. Raises TN001, TN002 (no organization that the caller can see).';
revoke all on function public.get_organization from public, anon, authenticated, service_role;
grant execute on function public.get_organization to authenticated, service_role;
