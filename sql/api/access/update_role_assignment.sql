-- Replaces the role of an assignment.
--
-- Locks: the organization's row.
-- Raises: TN001, TN002, TN022 (last owner), 23505 (the user holds the role already), 42501.
-- Callers: holders of members:manage in the organization and of every permission of both roles.
create or replace function tenantry.update_role_assignment(
    p_user_role_id uuid,
    p_role text
) returns public.user_roles
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment public.user_roles;
    v_role public.roles;
begin
    v_assignment := tenantry.lock_role_assignment(p_user_role_id);
    perform tenantry.authorize('members:manage', v_assignment.organization_id);
    v_role := tenantry.find_assignable_role(p_role, v_assignment.organization_id);
    perform tenantry.require_grantable_role(v_assignment.role_id, v_assignment.organization_id);
    perform tenantry.require_grantable_role(v_role.id, v_assignment.organization_id);
    if v_role.id <> v_assignment.role_id then
        perform tenantry.require_other_owner(v_assignment);
    end if;
    update public.user_roles as ur
    set role_id = v_role.id
    where ur.id = v_assignment.id
    returning * into v_assignment;
    return v_assignment;
end
$$;

comment on function tenantry.update_role_assignment(uuid, text) is
    'Checks members:manage, the permissions of both roles and the last owner, and updates the assignment.';
revoke all on function tenantry.update_role_assignment from public, anon, authenticated, service_role;
grant execute on function tenantry.update_role_assignment to authenticated, service_role;

create or replace function public.update_role_assignment(
    user_role_id uuid default null,
    role text default null
) returns public.user_roles
language sql volatile
return tenantry.update_role_assignment(user_role_id, role);

comment on function public.update_role_assignment(uuid, text) is
    'Replaces the role of an assignment. role: id or name, or the display name of an own role. Raises TN001, TN002,'
    ' TN022 (last owner), 23505 (held already), 42501.';
revoke all on function public.update_role_assignment from public, anon, authenticated, service_role;
grant execute on function public.update_role_assignment to authenticated, service_role;
