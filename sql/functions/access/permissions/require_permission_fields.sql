-- Checks the fields of a permission, and names the argument that is wrong. The columns would refuse the same values.
--
-- Raises: TN001.
create or replace function tenantry.require_permission_fields(
    p_name text,
    p_resource text,
    p_action text
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.require_text('name', p_name, 100, true);
    -- One argument takes a permission's name or its id.
    if tenantry.is_uuid(p_name) then
        perform tenantry.fail_invalid('name', 'must not read as an id');
    end if;
    perform tenantry.require_text('resource', p_resource, 50, true);
    perform tenantry.require_pattern(
        'resource', p_resource, '^([a-z][a-z0-9_]*|\*)$',
        '* or lower case letters, digits and _, starting with a letter');
    perform tenantry.require_text('action', p_action, 50, true);
    perform tenantry.require_pattern(
        'action', p_action, '^([a-z][a-z0-9_]*|\*)$', '* or lower case letters, digits and _, starting with a letter');
end
$$;

comment on function tenantry.require_permission_fields(text, text, text) is
    'Raises TN001 unless the values can be stored as a permission.';
revoke all on function tenantry.require_permission_fields from public, anon, authenticated, service_role;
