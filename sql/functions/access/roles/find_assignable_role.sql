-- Finds a role that a user can hold in an organization: a global role, or one of the organization's own roles.
--
-- The key is the role's id or its name, or the display name of an own role. A global name comes before a
-- display name, so that no own role takes the place of a global one. An own role can always be named by its id, or by
-- own:<id>.
--
-- p_organization_id: null for everywhere, where users hold global roles only.
--
-- Raises: TN001 without a name, TN002 (also for an own role of another organization).
-- Callers: definer functions.
create or replace function tenantry.find_assignable_role(
    p_role text,
    p_organization_id uuid
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
    where (r.organization_id is null or r.organization_id = p_organization_id)
      and (r.id = case when tenantry.is_uuid(p_role) then p_role::uuid end or p_role in (r.name, r.display_name))
    order by r.organization_id is null desc
    limit 1;
    if not found then
        perform tenantry.fail_not_found('role', p_role);
    end if;
    return v_role;
end
$$;

comment on function tenantry.find_assignable_role(text, uuid) is
    'The role of that id, name or display name that a user can hold in the organization. Raises TN001, TN002.';
revoke all on function tenantry.find_assignable_role from public, anon, authenticated, service_role;
