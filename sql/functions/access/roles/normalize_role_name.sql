-- Returns the name of a role, or the display name of an own role, in its stored form, and refuses a name that could
-- pass for that of another role.
--
-- One argument takes a role's name or its id, so a name must not be a UUID. A role must not look like a global role:
-- otherwise a member could assign an own role in the belief that it is the global one. A new global role must not look
-- like an own role that exists. If a seed adds such a role later, the global role is the one that the name finds.
--
-- p_organization_id: the organization of an own role; null for a global role.
-- p_role_id: the role that is renamed; null for a new role.
--
-- Raises: TN001.
create or replace function tenantry.normalize_role_name(
    p_name text,
    p_organization_id uuid,
    p_role_id uuid default null
) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_name constant text := tenantry.normalize_name('name', p_name, 50);
    v_skeleton constant text := tenantry.name_skeleton(v_name);
    v_other public.roles;
begin
    if v_name ~* '^own:' then
        perform tenantry.fail_invalid('name', 'must not begin with "own:"');
    elsif tenantry.is_uuid(v_name) then
        perform tenantry.fail_invalid('name', 'must not read as an id');
    end if;
    select * into v_other
    from public.roles as r
    where r.id is distinct from p_role_id
      and tenantry.name_skeleton(coalesce(r.display_name, r.name)) = v_skeleton
      -- An own role is compared with the global roles, and a global role with all. Unique keys refuse an equal name.
      and (r.organization_id is null or p_organization_id is null)
      and (r.organization_id is distinct from p_organization_id or r.name <> v_name)
    limit 1;
    if found then
        perform tenantry.fail_invalid('name', case
            when v_other.is_system_role then format('looks like that of the system role "%s"', v_other.name)
            when v_other.organization_id is null then format('looks like that of the global role "%s"', v_other.name)
            else 'looks like that of an organization''s own role'
        end);
    end if;
    return v_name;
end
$$;

comment on function tenantry.normalize_role_name(text, uuid, uuid) is
    'The name of a role in its stored form. Raises TN001 unless the text can name a role.';
revoke all on function tenantry.normalize_role_name from public, anon, authenticated, service_role;
