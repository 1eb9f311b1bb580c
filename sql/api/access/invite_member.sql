-- Invites a person to join an organization in a role. The function returns the token once, for the email to them, and
-- stores only its hash.
--
-- p_time_to_live: how long the invitation can be accepted; default 7 days, at most 366 days.
--
-- Raises: TN001, TN002, 42501.
-- Callers: holders of members:manage in the organization and of every permission of the role.
create or replace function tenantry.invite_member(
    p_organization_id uuid,
    p_email text,
    p_role text,
    p_time_to_live interval,
    out invitation public.invitation,
    out token text
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_time_to_live constant interval := coalesce(p_time_to_live, interval '7 days');
    v_role public.roles;
    v_invitation tenantry.invitations;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.authorize('members:manage', p_organization_id);
    perform tenantry.require_text('email', p_email, 320, true);
    perform tenantry.require_email('email', p_email);
    perform tenantry.require_time_to_live(v_time_to_live);
    v_role := tenantry.find_assignable_role(p_role, p_organization_id);
    perform tenantry.require_grantable_role(v_role.id, p_organization_id);
    perform tenantry.require_organization(p_organization_id);
    -- Two random UUIDs: 244 bits.
    token := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
    insert into tenantry.invitations (organization_id, email, role_id, token_hash, invited_by, expires_at)
    values (
        p_organization_id, lower(p_email), v_role.id, sha256(convert_to(token, 'UTF8')),
        case when tenantry.caller_role() = 'authenticated' then auth.uid() end, now() + v_time_to_live
    )
    returning * into v_invitation;
    invitation := tenantry.present_invitation(v_invitation);
end
$$;

comment on function tenantry.invite_member(uuid, text, text, interval) is
    'Checks members:manage and the permissions of the role, and stores the invitation.';
revoke all on function tenantry.invite_member from public, anon, authenticated, service_role;
grant execute on function tenantry.invite_member to authenticated, service_role;

create or replace function public.invite_member(
    organization_id uuid default null,
    email text default null,
    role text default null,
    time_to_live interval default null,
    out invitation public.invitation,
    out token text
)
language sql volatile
begin atomic
    select x.invitation, x.token
    from tenantry.invite_member(organization_id, email, role, time_to_live) as x;
end;

comment on function public.invite_member(uuid, text, text, interval) is
    'Invites a person to join in a role. email: the person''s address. role: id or name, or the display name of an'
    ' own role. time_to_live: 7 days unless given, at most 366. Returns the invitation and, only this time, its token.'
    ' Raises TN001, TN002, 42501.';
revoke all on function public.invite_member from public, anon, authenticated, service_role;
grant execute on function public.invite_member to authenticated, service_role;
