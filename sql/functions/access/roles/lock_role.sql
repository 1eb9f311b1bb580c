-- Locks a role for a caller who may change it.
--
-- The caller needs roles:manage in the organization of the role, or everywhere for a global role. System roles cannot
-- be changed.
--
-- Locks: the role's row.
-- Raises: TN001, TN002 (also for an own role of an organization that the caller cannot see), TN021 (system role),
-- 42501.
create or replace function tenantry.lock_role(
    p_role text
) returns public.roles
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_role public.roles;
begin
    v_role := tenantry.find_role(p_role);
    if v_role.organization_id is not null
        and not tenantry.is_authorized('organizations:read', v_role.organization_id) then
        -- To this caller, the role of another organization does not exist.
        perform tenantry.fail_not_found('role', p_role);
    end if;
    perform tenantry.authorize('roles:manage', v_role.organization_id);
    if v_role.is_system_role then
        perform tenantry.fail(
            'TN021', 'a system role cannot be changed or deleted',
            jsonb_build_object('role_id', v_role.id, 'role', v_role.name));
    end if;
    select * into v_role from public.roles as r where r.id = v_role.id for update;
    if not found then
        -- Another transaction has deleted it meanwhile.
        perform tenantry.fail_not_found('role', p_role);
    end if;
    return v_role;
end
$$;

comment on function tenantry.lock_role(text) is
    'The role, locked, for a caller who may change it. Raises TN001, TN002, TN021 (system role), 42501.';
revoke all on function tenantry.lock_role from public, anon, authenticated, service_role;
