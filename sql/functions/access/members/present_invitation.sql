-- Returns an invitation as callers see it, with its state and without the hash of its token.
create or replace function tenantry.present_invitation(
    p_invitation tenantry.invitations
) returns public.invitation
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return row(
        p_invitation.id, p_invitation.organization_id, p_invitation.email, p_invitation.role_id,
        p_invitation.invited_by,
        p_invitation.created_at, p_invitation.expires_at,
        case
            when p_invitation.accepted_at is not null then 'accepted'
            when p_invitation.revoked_at is not null then 'revoked'
            when p_invitation.expires_at <= now() then 'expired'
            else 'pending'
        end)::public.invitation;
end
$$;

comment on function tenantry.present_invitation(tenantry.invitations) is
    'The invitation as callers see it.';
revoke all on function tenantry.present_invitation from public, anon, authenticated, service_role;
