-- Makes another member the owner in place of a present owner, who stays as an admin.
--
-- p_from_user_id: the present owner; null for the caller.
--
-- Locks: the organization's row.
-- Raises: TN001, TN002, 42501.
-- Callers: an owner, for themselves; the service.
create or replace function tenantry.transfer_ownership(
    p_organization_id uuid,
    p_user_id uuid,
    p_from_user_id uuid
) returns public.user_roles
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_from constant uuid := coalesce(p_from_user_id, auth.uid());
    v_owner public.roles;
    v_admin public.roles;
    v_assignment public.user_roles;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    elsif p_user_id is null then
        perform tenantry.fail_invalid('user_id', 'is required');
    elsif v_from is null then
        perform tenantry.fail_invalid('from_user_id', 'is required');
    elsif v_from = p_user_id then
        perform tenantry.fail_invalid('user_id', 'must be somebody else');
    end if;
    perform tenantry.authorize('organizations:delete', p_organization_id);
    if tenantry.caller_role() = 'authenticated' and v_from <> auth.uid() then
        perform tenantry.authorize('*:*', p_organization_id);
    end if;
    perform tenantry.lock_organization(p_organization_id);
    -- Check again: the caller may have lost the permission before the lock.
    perform tenantry.authorize('organizations:delete', p_organization_id);
    v_owner := tenantry.find_role('owner');
    v_admin := tenantry.find_role('admin');
    if not exists (
        select from public.user_roles as ur
        where ur.organization_id = p_organization_id and ur.user_id = v_from and ur.role_id = v_owner.id
    ) then
        perform tenantry.fail_not_found('owner', v_from::text);
    elsif not exists (
        select from public.user_roles as ur
        where ur.organization_id = p_organization_id and ur.user_id = p_user_id
    ) then
        perform tenantry.fail_not_found('member', p_user_id::text);
    end if;
    insert into public.user_roles (user_id, role_id, organization_id)
    values (p_user_id, v_owner.id, p_organization_id), (v_from, v_admin.id, p_organization_id)
    on conflict on constraint user_roles_user_id_role_id_organization_id_key do nothing;
    delete from public.user_roles as ur
    where ur.organization_id = p_organization_id and ur.user_id = v_from and ur.role_id = v_owner.id;
    select * into v_assignment
    from public.user_roles as ur
    where ur.organization_id = p_organization_id and ur.user_id = p_user_id and ur.role_id = v_owner.id;
    return v_assignment;
end
$$;

comment on function tenantry.transfer_ownership(uuid, uuid, uuid) is
    'Checks organizations:delete and both members, and exchanges the roles.';
revoke all on function tenantry.transfer_ownership from public, anon, authenticated, service_role;
grant execute on function tenantry.transfer_ownership to authenticated, service_role;

create or replace function public.transfer_ownership(
    organization_id uuid default null,
    user_id uuid default null,
    from_user_id uuid default null
) returns public.user_roles
language sql volatile
return tenantry.transfer_ownership(organization_id, user_id, from_user_id);

comment on function public.transfer_ownership(uuid, uuid, uuid) is
    'Makes a member the owner in place of from_user_id (the caller unless given), who stays as an admin. Raises'
    ' TN001, TN002, 42501.';
revoke all on function public.transfer_ownership from public, anon, authenticated, service_role;
grant execute on function public.transfer_ownership to authenticated, service_role;
