-- Raises TN002: the resource does not exist, or the caller may not know of it.
create or replace function tenantry.fail_not_found(p_resource text, p_name text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.fail(
        'TN002', format('%s "%s" does not exist', replace(p_resource, '_', ' '), p_name),
        jsonb_build_object('resource', p_resource, 'name', p_name)
    );
end
$$;

comment on function tenantry.fail_not_found(text, text) is
    'Raises TN002 (not found) for the resource of that kind, named by id or name.';
revoke all on function tenantry.fail_not_found from public, anon, authenticated, service_role;
grant execute on function tenantry.fail_not_found to anon, authenticated, service_role;
