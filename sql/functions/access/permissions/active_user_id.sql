-- Returns the signed-in user, and null for a caller without an account or with a blocked one.
--
-- A rule that gives a user a right without a role asks this function instead of auth.uid(). Permissions are
-- asked of is_authorized() and allowed_organizations().
--
-- Callers: any signed-in user, by policies. It takes no lock and raises no error.
create or replace function tenantry.active_user_id() returns uuid
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_user constant uuid := auth.uid();
begin
    return case when not tenantry.is_account_blocked(v_user) then v_user end;
end
$$;

comment on function tenantry.active_user_id() is 'The signed-in user; null for an account that is deleted or banned.';
revoke all on function tenantry.active_user_id from public, anon, authenticated, service_role;
grant execute on function tenantry.active_user_id to authenticated, service_role;
