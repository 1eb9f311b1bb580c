-- Returns the user that a call names, or the signed-in user if it names none.
--
-- Raises: TN001 if there is neither.
create or replace function tenantry.user_or_caller(p_user_id uuid) returns uuid
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_user constant uuid := coalesce(p_user_id, auth.uid());
begin
    if v_user is null then
        perform tenantry.fail_invalid('user_id', 'is required');
    end if;
    return v_user;
end
$$;

comment on function tenantry.user_or_caller(uuid) is 'The user given, or else the caller. Raises TN001 for neither.';
revoke all on function tenantry.user_or_caller from public, anon, authenticated, service_role;
grant execute on function tenantry.user_or_caller to authenticated, service_role;
