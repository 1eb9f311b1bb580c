-- Returns a role assignment by id. Runs as the caller.
--
-- Raises: TN001, TN002 (also for an assignment that the caller cannot see).
-- Callers: any signed-in user, and the service.
create or replace function public.get_role_assignment(
    user_role_id uuid default null
) returns public.user_roles
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment public.user_roles;
begin
    if user_role_id is null then
        perform tenantry.fail_invalid('user_role_id', 'is required');
    end if;
    select * into v_assignment from public.user_roles as ur where ur.id = user_role_id;
    if not found then
        perform tenantry.fail_not_found('user_role', user_role_id::text);
    end if;
    return v_assignment;
end
$$;

comment on function public.get_role_assignment(uuid) is
    'The assignment of that id. Raises TN001, TN002 (no assignment that the caller can see).';
revoke all on function public.get_role_assignment from public, anon, authenticated, service_role;
grant execute on function public.get_role_assignment to authenticated, service_role;
