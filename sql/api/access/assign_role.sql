-- Gives a user a role in an organization, or everywhere.
--
-- Nobody hands on a permission that they lack there; a role everywhere is given by who holds its permissions
-- everywhere.
--
-- Whoever manages the members of an organization gives roles to its members, and invites everybody else: nobody becomes
-- a member unasked, and an account that is no member's is not told from one that is not there. Who manages members
-- everywhere, such as the service, gives roles to any account.
--
-- Locks: the organization's row. Raises TN001, TN002, TN023 (no seat), 23505 (held already), 42501.
-- Callers: who holds members:manage there.
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
    -- Once more: the caller's roles may have been taken away meanwhile.
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

comment on function tenantry.assign_role(uuid, text, uuid) is 'Definer half of public.assign_role.';
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
    'Gives a user a role. role: id or name, or an own role''s display name. organization_id: where; null for'
    ' everywhere. A user who is no member yet is given roles by who manages members everywhere, and otherwise invited.'
    ' Raises TN001, TN002, TN023 (no seat), 23505 (held already), 42501.';
revoke all on function public.assign_role from public, anon, authenticated, service_role;
grant execute on function public.assign_role to authenticated, service_role;
