-- Returns whether the caller holds a permission. Functions decide by this rule, and so do policies on tables without an
-- organization. Policies on other tables use allowed_organizations(), which applies the same rule to all organizations.
--
-- The caller is the database role of the session or transaction, as caller_role() names it:
--     authenticated  holds the permissions of the user's roles in the organization, and of the roles held everywhere.
--                    An account that is deleted or banned holds none. The token only says which user calls. Roles and
--                    account are read as they stand now, so a change counts from the next statement on, whatever
--                    tokens are in use.
--     service_role   holds every permission.
--     other roles    hold every permission if row-level security does not apply to them (superuser or bypassrls, for
--                    example a DBA). Otherwise they hold none, and neither does anon.
--
-- The function is a definer function, because the caller cannot read the roles of other users. Policies call it in a
-- subselect, which runs it once for a query. authorize() calls it and raises; has_permission() is its public form.
--
-- p_permission: resource:action.
-- p_organization_id: null for a resource that belongs to no organization, which takes a role that is held everywhere.
--
-- Callers: every role. It takes no lock and raises no error.
create or replace function tenantry.is_authorized(p_permission text, p_organization_id uuid default null)
returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_caller constant text := tenantry.caller_role();
    v_allowed_by text[];
    v_user uuid;
begin
    if v_caller = 'authenticated' then
        v_user := auth.uid();
        -- The query of user_has_permission(). A call of that function would add a tenth to the time of this one.
        v_allowed_by := tenantry.permissions_granting(p_permission);
        return exists (
            select
            from tenantry.organizations_granting(v_user, v_allowed_by) as organization_id
            where organization_id = p_organization_id or organization_id is null
        ) and not tenantry.is_account_blocked(v_user);
    elsif v_caller = 'service_role' then
        return true;
    end if;
    return exists (select from pg_roles where rolname = v_caller and (rolsuper or rolbypassrls));
end
$$;

comment on function tenantry.is_authorized(text, uuid) is
    'Whether the caller holds the permission (resource:action) in the organization, or everywhere for null.';
revoke all on function tenantry.is_authorized from public, anon, authenticated, service_role;
grant execute on function tenantry.is_authorized to anon, authenticated, service_role;
