-- Checks the name of a role or, with an organization, the display name of its own role.
--
-- One argument takes a role's name or its id, so a name must not be a UUID. The display name of an own role must not be
-- the name of a system role. Otherwise an owner could assign an own role named viewer by mistake, although it allows
-- more.
--
-- Raises: TN001.
create or replace function tenantry.require_role_name(
    p_name text,
    p_organization_id uuid
) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.require_text('name', p_name, 50, true);
    if p_name ~ '^own:' then
        perform tenantry.fail_invalid('name', 'must not begin with "own:"');
    elsif tenantry.is_uuid(p_name) then
        perform tenantry.fail_invalid('name', 'must not read as an id');
    elsif p_organization_id is not null
        and exists (select from public.roles as r where r.name = lower(btrim(p_name)) and r.is_system_role) then
        perform tenantry.fail_invalid('name', 'is that of a system role');
    end if;
end
$$;

comment on function tenantry.require_role_name(text, uuid) is 'Raises TN001 unless the text can name a role.';
revoke all on function tenantry.require_role_name from public, anon, authenticated, service_role;
