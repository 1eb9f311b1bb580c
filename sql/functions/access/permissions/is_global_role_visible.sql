-- Returns whether the caller can see the roles that a user holds everywhere.
--
-- A user sees their own global roles. A caller with members:read everywhere sees the global roles of all users. Members
-- of an organization therefore do not learn which users run the platform.
--
-- p_user_id: the user; null for any user.
create or replace function tenantry.is_global_role_visible(p_user_id uuid default null) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select coalesce(p_user_id = tenantry.active_user_id() and tenantry.caller_role() = 'authenticated', false)
        or tenantry.is_authorized('members:read');
end;

comment on function tenantry.is_global_role_visible(uuid) is
    'Whether the caller can see the roles that the user, or without one any user, holds everywhere.';
revoke all on function tenantry.is_global_role_visible from public, anon, authenticated, service_role;
