-- Gives a user a role. Checks that the user and the organization exist and that a seat is free.
--
-- The caller has checked all permissions, and that the role can be held there (find_assignable_role).
--
-- p_organization_id: null for everywhere.
--
-- Locks: the organization's row.
-- Raises: TN001, TN002, TN023 (no free seat), 23505 (the user holds the role already).
create or replace function tenantry.add_user_role(
    p_user_id uuid,
    p_role_id uuid,
    p_organization_id uuid
) returns public.user_roles
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_assignment public.user_roles;
begin
    if not exists (select from auth.users as u where u.id = p_user_id) then
        perform tenantry.fail_not_found('user', p_user_id::text);
    end if;
    if p_organization_id is not null then
        if not tenantry.lock_organization(p_organization_id) then
            perform tenantry.fail_not_found('organization', p_organization_id::text);
        end if;
        perform tenantry.require_free_seat(p_organization_id, p_user_id);
    end if;
    insert into public.user_roles (user_id, role_id, organization_id)
    values (p_user_id, p_role_id, p_organization_id)
    returning * into v_assignment;
    return v_assignment;
end
$$;

comment on function tenantry.add_user_role(uuid, uuid, uuid) is
    'Gives a user a role in an organization, or everywhere. Raises TN001, TN002, TN023 (no seat), 23505 (held'
    ' already).';
revoke all on function tenantry.add_user_role from public, anon, authenticated, service_role;
