-- Whether the caller holds a permission: the rule behind authorize().
--
-- The service role may do everything, and so may a role that row-level security does not hold (a DBA).
-- Nobody else may do anything yet.
--
-- p_permission: resource:action. p_organization_id: where; null for what belongs to no organization.
create or replace function tenantry.is_authorized(p_permission text, p_organization_id uuid default null)
returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_caller constant text := tenantry.caller();
begin
    if v_caller = 'service_role' then
        return true;
    end if;
    return exists (select from pg_roles where rolname = v_caller and (rolsuper or rolbypassrls));
end
$$;

comment on function tenantry.is_authorized(text, uuid) is
    'Whether the caller holds the permission (resource:action) in the organization.';
revoke all on function tenantry.is_authorized from public;
grant execute on function tenantry.is_authorized to anon, authenticated, service_role;
