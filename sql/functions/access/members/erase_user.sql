-- Erases the address of a user from all invitations, and revokes the user's open ones. The account itself, and with it
-- the user's roles, is deleted in auth.users: a trigger there calls this function.
--
-- Ids of users stay where they are, because they tell nothing about a person whose account is gone.
--
-- p_email: the address; null if the account has none. A person without an account has p_user_id null.
-- Returns the number of changed invitations.
-- Locks: the invitations.
-- Callers: the owner of the schema.
create or replace function tenantry.erase_user(
    p_user_id uuid,
    p_email text
) returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_count integer;
begin
    update tenantry.invitations as i
    set email = null,
        revoked_at = case when i.accepted_at is null then coalesce(i.revoked_at, now()) else i.revoked_at end
    where (i.organization_id, i.id) in (
        select by_email.organization_id, by_email.id from tenantry.invitations as by_email
        where by_email.email = lower(p_email)
        union all
        select by_user.organization_id, by_user.id from tenantry.invitations as by_user
        where by_user.accepted_by = p_user_id and by_user.email is not null
    );
    get diagnostics v_count = row_count;
    return v_count;
end
$$;

comment on function tenantry.erase_user(uuid, text) is
    'Erases the address of a user from invitations, and revokes the open ones. Returns the number of invitations.';
revoke all on function tenantry.erase_user from public, anon, authenticated, service_role;
