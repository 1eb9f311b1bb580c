-- Checks that a text has the form resource:action.
--
-- Raises: TN001, also for null.
create or replace function tenantry.require_permission_name(
    p_permission text
) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if coalesce(p_permission, '') !~ '^([a-z][a-z0-9_]*|\*):([a-z][a-z0-9_]*|\*)$' then
        perform tenantry.fail_invalid('permission', 'must read resource:action');
    end if;
end
$$;

comment on function tenantry.require_permission_name(text) is
    'Raises TN001 unless the text reads resource:action.';
revoke all on function tenantry.require_permission_name from public, anon, authenticated, service_role;
