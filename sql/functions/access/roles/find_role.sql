-- The role of that id or name, as far as the caller may know of it. An own role is also found by its display name in
-- its organization.
--
-- p_organization_id: where the display name of an own role holds; null for roles of all.
-- Raises TN001 without a name, TN002.
create or replace function tenantry.find_role(
    p_role text,
    p_organization_id uuid default null
) returns public.roles
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_role public.roles;
begin
    if coalesce(p_role, '') = '' then
        perform tenantry.fail_invalid('role', 'is required');
    end if;
    select * into v_role
    from public.roles as r
    where ((r.id = case when tenantry.is_uuid(p_role) then p_role::uuid end or r.name = p_role)
            and (r.organization_id is null or p_organization_id is null or r.organization_id = p_organization_id))
        or (r.display_name = p_role and r.organization_id = p_organization_id)
    order by r.organization_id is null
    limit 1;
    if not found then
        perform tenantry.fail_not_found('role', p_role);
    end if;
    return v_role;
end
$$;

comment on function tenantry.find_role(text, uuid) is
    'The role of that id or name, or of that display name in the organization. Raises TN001 (none given), TN002.';
revoke all on function tenantry.find_role from public, anon, authenticated, service_role;
grant execute on function tenantry.find_role to authenticated, service_role;
