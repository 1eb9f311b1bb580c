-- Returns whether a user holds a permission in an organization, through a role there or a role that they hold
-- everywhere. A role is held everywhere if its assignment names no organization.
--
-- p_permission: resource:action; a * in either place asks for all.
-- p_organization_id: the organization. Null asks about roles held everywhere alone.
-- p_everywhere: whether roles held everywhere count. If they do not, the answer for null is always false.
create or replace function tenantry.user_has_permission(
    p_user_id uuid,
    p_permission text,
    p_organization_id uuid,
    p_everywhere boolean default true
) returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_allowed_by constant text[] := tenantry.permissions_granting(p_permission);
begin
    return exists (
        select
        from tenantry.organizations_granting(p_user_id, v_allowed_by) as organization_id
        where organization_id = p_organization_id or organization_id is null and p_everywhere
    ) and not tenantry.is_account_blocked(p_user_id);
end
$$;

comment on function tenantry.user_has_permission(uuid, text, uuid, boolean) is
    'Whether the user holds the permission (resource:action) in the organization, or (if p_everywhere) everywhere.';
revoke all on function tenantry.user_has_permission from public, anon, authenticated, service_role;
