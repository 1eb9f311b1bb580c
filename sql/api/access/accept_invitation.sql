-- Accepts an invitation: the signed-in user joins the organization in the invited role.
--
-- Any user who has the token can accept it. The function checks again, as of now, that the inviter may give the role.
-- An inviter who has lost that permission gives nothing.
--
-- Locks: the organization's row, then the invitation.
-- Raises: TN001, TN002, TN023 (no free seat), TN024 (not pending), 42501.
-- Callers: any signed-in user.
create or replace function tenantry.accept_invitation(
    p_token text
) returns public.user_roles
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_invitation tenantry.invitations;
    v_state text;
    v_assignment public.user_roles;
begin
    if tenantry.active_user_id() is null then
        perform tenantry.fail('42501', 'only a signed-in user can accept an invitation');
    end if;
    perform tenantry.require_text('token', p_token, 256, true);
    select * into v_invitation
    from tenantry.invitations as i
    where i.token_hash = sha256(convert_to(p_token, 'UTF8'));
    if not found then
        perform tenantry.fail_not_found('invitation', 'of this token');
    end if;
    perform tenantry.lock_organization(v_invitation.organization_id);
    select * into v_invitation
    from tenantry.invitations as i
    where i.organization_id = v_invitation.organization_id and i.id = v_invitation.id
    for update;
    v_state := (tenantry.present_invitation(v_invitation)).state;
    if v_state = 'pending' and v_invitation.invited_by is not null and not (
        tenantry.user_has_permission(v_invitation.invited_by, 'members:manage', v_invitation.organization_id)
        and not exists (
            select from tenantry.role_grants as g
            cross join unnest(g.permissions) as held (permission)
            where g.role_id = v_invitation.role_id
              and not tenantry.user_has_permission(
                  v_invitation.invited_by, held.permission, v_invitation.organization_id)
        )
    ) then
        v_state := 'void';
    end if;
    if v_state <> 'pending' then
        perform tenantry.fail(
            'TN024',
            case v_state
                when 'void' then 'the invitation is void: the inviter may no longer give this role'
                else format('the invitation is %s', v_state)
            end,
            jsonb_build_object('invitation_id', v_invitation.id, 'state', v_state));
    end if;
    update tenantry.invitations as i
    set accepted_at = now(), accepted_by = auth.uid()
    where i.organization_id = v_invitation.organization_id and i.id = v_invitation.id;
    select * into v_assignment
    from public.user_roles as ur
    where ur.user_id = auth.uid() and ur.role_id = v_invitation.role_id
      and ur.organization_id = v_invitation.organization_id;
    if found then
        return v_assignment;
    end if;
    return tenantry.add_user_role(auth.uid(), v_invitation.role_id, v_invitation.organization_id);
end
$$;

comment on function tenantry.accept_invitation(text) is
    'Checks the token and the permissions of the inviter, and gives the calling user the role.';
revoke all on function tenantry.accept_invitation from public, anon, authenticated, service_role;
grant execute on function tenantry.accept_invitation to authenticated, service_role;

create or replace function public.accept_invitation(
    token text default null
) returns public.user_roles
language sql volatile
return tenantry.accept_invitation(token);

comment on function public.accept_invitation(text) is
    'The signed-in user joins by an invitation. token: the token from invite_member. Raises TN001, TN002, TN023 (no'
    ' seat), TN024 (not pending), 42501.';
revoke all on function public.accept_invitation from public, anon, authenticated, service_role;
grant execute on function public.accept_invitation to authenticated, service_role;
