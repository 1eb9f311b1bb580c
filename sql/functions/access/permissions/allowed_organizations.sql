-- Returns the organizations in which the caller holds a permission. An id can occur more than once.
--
-- A policy calls this function once for a query:
--     organization_id = any ((select tenantry.allowed_organizations('credits:read'))::uuid[])
-- The subselect makes the array once, and an index then serves. A call of has_permission() for each row takes thousands
-- of times as long on a large table.
--
-- Callers: any signed-in user, and the service role. It takes no lock and raises no error.
create or replace function tenantry.allowed_organizations(p_permission text) returns uuid[]
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_allowed_by text[];
    v_organizations uuid[];
    v_user uuid;
begin
    if tenantry.caller_role() = 'authenticated' then
        v_user := auth.uid();
        v_allowed_by := tenantry.permissions_granting(p_permission);
        v_organizations := array(select id from tenantry.organizations_granting(v_user, v_allowed_by) as id);
        if v_organizations = '{}' or tenantry.is_account_blocked(v_user) then
            return '{}';
        elsif array_position(v_organizations, null) is null then
            return v_organizations;
        end if;
    elsif not tenantry.is_authorized(p_permission) then
        return '{}';
    end if;
    -- The caller holds the permission everywhere.
    return array(select o.id from public.organizations as o);
end
$$;

comment on function tenantry.allowed_organizations(text) is
    'Ids of the organizations in which the caller holds the permission (resource:action); an id can occur repeatedly.';
revoke all on function tenantry.allowed_organizations from public, anon, authenticated, service_role;
grant execute on function tenantry.allowed_organizations to authenticated, service_role;
