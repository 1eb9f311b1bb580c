-- Lets the caller through or raises. Every function that needs a permission asks here, first.
--
-- The service role may do everything, and so may a role that row-level security does not hold (a DBA).
-- Nobody else may do anything yet.
--
-- p_permission: resource:action. p_organization_id: where; null for what belongs to no organization.
-- Raises 42501 (PostgREST answers it with 401 or 403) with the missing permission in DETAIL.
create or replace function tenantry.authorize(p_permission text, p_organization_id uuid default null)
returns void
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_caller text := tenantry.caller();
begin
    if v_caller = 'service_role' then
        return;
    end if;
    if exists (select from pg_roles where rolname = v_caller and (rolsuper or rolbypassrls)) then
        return;
    end if;
    perform tenantry.fail(
        '42501', format('permission %s is required', p_permission),
        jsonb_strip_nulls(jsonb_build_object('permission', p_permission, 'organization_id', p_organization_id)));
end
$$;

comment on function tenantry.authorize(text, uuid) is
    'Raises 42501 unless the caller holds the permission (resource:action) in the organization.';
revoke all on function tenantry.authorize from public;
grant execute on function tenantry.authorize to anon, authenticated, service_role;
