-- Revokes an invitation, and with it every other open invitation of the same address in the organization. Otherwise
-- the person could still join by an earlier one. A repeated call changes nothing: it does not touch an invitation that
-- was made after the first call.
--
-- Locks: the open invitations of the address, by id.
-- Raises: TN001, TN002, TN024 (accepted), 42501.
-- Callers: holders of members:manage in the organization.
create or replace function tenantry.revoke_invitation(
    p_organization_id uuid,
    p_invitation_id uuid
) returns public.invitation
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_email text;
    v_invitation tenantry.invitations;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    elsif p_invitation_id is null then
        perform tenantry.fail_invalid('invitation_id', 'is required');
    end if;
    perform tenantry.authorize('members:manage', p_organization_id);
    select i.email into v_email
    from tenantry.invitations as i
    where i.organization_id = p_organization_id and i.id = p_invitation_id;
    -- Before anything is read for a decision: all in one order, so that two calls do not deadlock.
    perform from tenantry.invitations as i
    where i.organization_id = p_organization_id and i.email = v_email
      and i.accepted_at is null and i.revoked_at is null
    order by i.id
    for update;
    select * into v_invitation
    from tenantry.invitations as i
    where i.organization_id = p_organization_id and i.id = p_invitation_id
    for update;
    if not found then
        perform tenantry.fail_not_found('invitation', p_invitation_id::text);
    elsif v_invitation.accepted_at is not null then
        perform tenantry.fail(
            'TN024', 'the invitation is accepted',
            jsonb_build_object('invitation_id', v_invitation.id, 'state', 'accepted'));
    end if;
    if v_invitation.revoked_at is null then
        update tenantry.invitations as i
        set revoked_at = now()
        where i.organization_id = p_organization_id and i.email = v_email
          and i.accepted_at is null and i.revoked_at is null
          and (i.expires_at > now() or i.id = p_invitation_id);
        v_invitation.revoked_at := now();
    end if;
    return tenantry.present_invitation(v_invitation);
end
$$;

comment on function tenantry.revoke_invitation(uuid, uuid) is
    'Checks members:manage and revokes the open invitations of the address.';
revoke all on function tenantry.revoke_invitation from public, anon, authenticated, service_role;
grant execute on function tenantry.revoke_invitation to authenticated, service_role;

create or replace function public.revoke_invitation(
    organization_id uuid default null,
    invitation_id uuid default null
) returns public.invitation
language sql volatile
return tenantry.revoke_invitation(organization_id, invitation_id);

comment on function public.revoke_invitation(uuid, uuid) is
    'Revokes an invitation, and every other open invitation of the same address in the organization.'
    ' Raises TN001, TN002, TN024 (accepted), 42501.';
revoke all on function public.revoke_invitation from public, anon, authenticated, service_role;
grant execute on function public.revoke_invitation to authenticated, service_role;
