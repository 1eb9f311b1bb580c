-- Locks the organization of a role assignment, for a caller who may change the assignment, and returns the assignment.
--
-- Locks: the organization's row.
-- Raises: TN001, TN002 (also if the caller cannot see the assignment), 42501.
create or replace function tenantry.lock_role_assignment(
    p_user_role_id uuid
) returns public.user_roles
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment public.user_roles;
begin
    if p_user_role_id is null then
        perform tenantry.fail_invalid('user_role_id', 'is required');
    end if;
    select * into v_assignment from public.user_roles as ur where ur.id = p_user_role_id;
    if not found or not (
        tenantry.is_authorized('members:read', v_assignment.organization_id)
        or v_assignment.user_id is not distinct from tenantry.active_user_id()
    ) then
        perform tenantry.fail_not_found('user_role', p_user_role_id::text);
    elsif v_assignment.user_id is distinct from tenantry.active_user_id() then
        -- The calling function authorizes again under the lock. This check keeps other users from locking the row.
        perform tenantry.authorize('members:manage', v_assignment.organization_id);
    end if;
    perform tenantry.lock_organization(v_assignment.organization_id);
    -- Read again: another transaction may have removed the assignment before the lock.
    select * into v_assignment from public.user_roles as ur where ur.id = p_user_role_id;
    if not found then
        perform tenantry.fail_not_found('user_role', p_user_role_id::text);
    end if;
    return v_assignment;
end
$$;

comment on function tenantry.lock_role_assignment(uuid) is
    'The assignment, its organization locked, for a caller who may change it. Raises TN001, TN002, 42501.';
revoke all on function tenantry.lock_role_assignment from public, anon, authenticated, service_role;
