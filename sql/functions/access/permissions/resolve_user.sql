-- Whose permissions a call asks for: the caller's own, or another user's for somebody who may see the members there.
-- Raises TN001 (nobody to ask for), 42501.
create or replace function tenantry.resolve_user(
    p_user_id uuid,
    p_organization_id uuid
) returns uuid
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if coalesce(p_user_id, auth.uid()) is null then
        perform tenantry.fail_invalid('user_id', 'is required');
    elsif tenantry.caller_role() <> 'authenticated' or p_user_id is distinct from auth.uid()
        and p_user_id is not null then
        perform tenantry.authorize('members:read', p_organization_id);
    end if;
    return coalesce(p_user_id, auth.uid());
end
$$;

comment on function tenantry.resolve_user(uuid, uuid) is
    'The user whose permissions are asked for; the caller unless given. Raises TN001, 42501.';
revoke all on function tenantry.resolve_user from public, anon, authenticated, service_role;
