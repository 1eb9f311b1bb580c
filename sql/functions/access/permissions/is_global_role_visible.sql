-- Whether the caller may see which roles a user holds everywhere: their own, and others' with members:read everywhere.
-- So members of an organization do not learn from it who runs the platform.
create or replace function tenantry.is_global_role_visible(p_user_id uuid default null) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select coalesce(p_user_id = auth.uid() and tenantry.caller_role() = 'authenticated', false)
        or tenantry.is_authorized('members:read');
end;

comment on function tenantry.is_global_role_visible(uuid) is
    'Whether the caller may see which roles the user, or without one any user, holds everywhere.';
revoke all on function tenantry.is_global_role_visible from public, anon, authenticated, service_role;
