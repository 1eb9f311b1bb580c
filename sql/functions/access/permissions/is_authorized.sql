-- Whether the caller holds a permission: the rule behind authorize().
--
-- The service role may do everything, and so may a role that row-level security does not hold (a DBA). A signed-in user
-- may do what their roles allow, as they stand in this statement: nothing is read from the token but who it is.
--
-- p_permission: resource:action. p_organization_id: where; null for what belongs to no organization, which takes a role
-- that is held everywhere.
create or replace function tenantry.is_authorized(p_permission text, p_organization_id uuid default null)
returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_caller constant text := tenantry.caller_role();
    v_allowed_by text[];
begin
    if v_caller = 'authenticated' then
        -- As user_has_permission(), whose call would be a tenth of all this.
        v_allowed_by := tenantry.permissions_granting(p_permission);
        return exists (
            select
            from tenantry.organizations_granting(auth.uid(), v_allowed_by) as organization_id
            where organization_id = p_organization_id or organization_id is null
        );
    elsif v_caller = 'service_role' then
        return true;
    end if;
    return exists (select from pg_roles where rolname = v_caller and (rolsuper or rolbypassrls));
end
$$;

comment on function tenantry.is_authorized(text, uuid) is
    'Whether the caller holds the permission (resource:action) in the organization.';
revoke all on function tenantry.is_authorized from public, anon, authenticated, service_role;
grant execute on function tenantry.is_authorized to anon, authenticated, service_role;
