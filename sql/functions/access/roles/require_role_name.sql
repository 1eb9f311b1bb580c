-- Refuses what is not fit for a role's name or, with an organization, for the display name of its own role.
--
-- A role is addressed by name or by id in one argument, so no name reads as an id, and none is that of a system role:
-- an own 'viewer' that allows more would be given away by mistake.
-- Raises TN001.
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

comment on function tenantry.require_role_name(text, uuid) is
    'Raises TN001 when the text is not fit for a role''s name.';
revoke all on function tenantry.require_role_name from public, anon, authenticated, service_role;
