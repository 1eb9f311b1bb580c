-- Gives a user a role in an organization, or everywhere.
--
-- The caller must hold every permission of the role there. A role everywhere therefore takes its permissions
-- everywhere.
--
-- A caller with members:manage in an organization can only give roles to its members, and invites other users. Nobody
-- becomes a member without consent, and the caller cannot tell an account outside the organization from no account. A
-- caller with members:manage everywhere, such as the service, can give roles to any account.
--
-- p_organization_id: null for everywhere.
--
-- Locks: the organization's row.
-- Raises: TN001, TN002, TN023 (no free seat), 23505 (the user holds the role already), 42501.
-- Callers: holders of members:manage in the organization.
create or replace function tenantry.assign_role(
    p_user_id uuid,
    p_role text,
    p_organization_id uuid
) returns public.user_roles
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_role public.roles;
begin
    if p_user_id is null then
        perform tenantry.fail_invalid('user_id', 'is required');
    end if;
    perform tenantry.authorize('members:manage', p_organization_id);
    perform tenantry.lock_organization(p_organization_id);
    -- Check again: the caller may have lost the permission before the lock.
    perform tenantry.authorize('members:manage', p_organization_id);
    v_role := tenantry.find_assignable_role(p_role, p_organization_id);
    perform tenantry.require_grantable_role(v_role.id, p_organization_id);
    if not tenantry.is_authorized('members:manage') and not exists (
        select from public.user_roles as ur where ur.organization_id = p_organization_id and ur.user_id = p_user_id
    ) then
        perform tenantry.fail(
            'TN002', format('member "%s" does not exist', p_user_id),
            jsonb_build_object('resource', 'member', 'name', p_user_id), 'Invite them: invite_member.');
    end if;
    return tenantry.add_user_role(p_user_id, v_role.id, p_organization_id);
end
$$;

comment on function tenantry.assign_role(uuid, text, uuid) is
    'Checks members:manage, the permissions of the role and the membership, and gives the user the role.';
revoke all on function tenantry.assign_role from public, anon, authenticated, service_role;
grant execute on function tenantry.assign_role to authenticated, service_role;

create or replace function public.assign_role(
    user_id uuid default null,
    role text default null,
    organization_id uuid default null
) returns public.user_roles
language sql volatile
return tenantry.assign_role(user_id, role, organization_id);

comment on function public.assign_role(uuid, text, uuid) is
    'Gives a user a role. role: id or name, or the display name of an own role. organization_id: the organization;'
    ' null for everywhere. A user who is not a member yet is invited instead (invite_member), unless the caller'
    ' manages members everywhere. Raises TN001, TN002, TN023 (no seat), 23505 (held already), 42501.';
revoke all on function public.assign_role from public, anon, authenticated, service_role;
grant execute on function public.assign_role to authenticated, service_role;
