-- Removes a role from a user. Users can give up their own roles, but the last owner stays.
--
-- Locks: the organization's row.
-- Raises: TN001, TN002, TN022 (last owner), 42501.
-- Callers: holders of members:manage in the organization and of every permission of the role; the user.
create or replace function tenantry.remove_role_assignment(
    p_user_role_id uuid
) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment public.user_roles;
begin
    v_assignment := tenantry.lock_role_assignment(p_user_role_id);
    if tenantry.caller_role() <> 'authenticated' or v_assignment.user_id is distinct from tenantry.active_user_id() then
        perform tenantry.authorize('members:manage', v_assignment.organization_id);
        perform tenantry.require_grantable_role(v_assignment.role_id, v_assignment.organization_id);
    end if;
    perform tenantry.require_other_owner(v_assignment);
    delete from public.user_roles as ur where ur.id = v_assignment.id;
end
$$;

comment on function tenantry.remove_role_assignment(uuid) is
    'Checks the caller''s permissions and the last owner, and removes the assignment.';
revoke all on function tenantry.remove_role_assignment from public, anon, authenticated, service_role;
grant execute on function tenantry.remove_role_assignment to authenticated, service_role;

create or replace function public.remove_role_assignment(
    user_role_id uuid default null
) returns void
language sql volatile
begin atomic
    select tenantry.remove_role_assignment(user_role_id);
end;

comment on function public.remove_role_assignment(uuid) is
    'Removes a role from a user. Raises TN001, TN002, TN022 (last owner), 42501.';
revoke all on function public.remove_role_assignment from public, anon, authenticated, service_role;
grant execute on function public.remove_role_assignment to authenticated, service_role;
