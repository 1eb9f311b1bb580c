-- Returns the user whose permissions a call asks for, if the caller may ask.
--
-- A signed-in user may ask for their own permissions. Other questions take members:read in the organization.
--
-- p_user_id: null for the caller.
--
-- Raises: TN001 if there is no user, 42501.
create or replace function tenantry.resolve_user(
    p_user_id uuid,
    p_organization_id uuid
) returns uuid
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_user constant uuid := tenantry.user_or_caller(p_user_id);
begin
    if tenantry.caller_role() <> 'authenticated' or v_user <> auth.uid() then
        perform tenantry.authorize('members:read', p_organization_id);
    end if;
    return v_user;
end
$$;

comment on function tenantry.resolve_user(uuid, uuid) is
    'The user whose permissions a call asks for; the caller unless given. Raises TN001, 42501.';
revoke all on function tenantry.resolve_user from public, anon, authenticated, service_role;
