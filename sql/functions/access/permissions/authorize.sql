-- Raises 42501 unless the caller holds a permission. A function that needs a permission calls this function first.
--
-- p_permission: resource:action.
-- p_organization_id: null for a resource that belongs to no organization.
--
-- Raises: 42501, with the missing permission in DETAIL. PostgREST answers it with 401 or 403.
create or replace function tenantry.authorize(p_permission text, p_organization_id uuid default null)
returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if not tenantry.is_authorized(p_permission, p_organization_id) then
        perform tenantry.fail(
            '42501', format('permission %s is required', p_permission),
            jsonb_strip_nulls(jsonb_build_object('permission', p_permission, 'organization_id', p_organization_id)));
    end if;
end
$$;

comment on function tenantry.authorize(text, uuid) is
    'Raises 42501 unless the caller holds the permission (resource:action) in the organization.';
revoke all on function tenantry.authorize from public, anon, authenticated, service_role;
grant execute on function tenantry.authorize to anon, authenticated, service_role;
