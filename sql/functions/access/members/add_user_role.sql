-- Gives a user a role, after all checks of permission: the user exists, the role belongs there, a seat is free.
--
-- Locks: the organization's row. Raises TN001, TN002, TN023, 23505 (held already).
create or replace function tenantry.add_user_role(
    p_user_id uuid,
    p_role public.roles,
    p_organization_id uuid
) returns public.user_roles
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_placed public.user_roles;
begin
    if p_role.organization_id is distinct from p_organization_id and p_role.organization_id is not null then
        perform tenantry.fail_not_found('role', p_role.id::text);
    elsif not exists (select from auth.users as u where u.id = p_user_id) then
        perform tenantry.fail_not_found('user', p_user_id::text);
    end if;
    if p_organization_id is not null then
        if not tenantry.lock_organization(p_organization_id) then
            perform tenantry.fail_not_found('organization', p_organization_id::text);
        end if;
        perform tenantry.require_free_seat(p_organization_id, p_user_id);
    end if;
    insert into public.user_roles (user_id, role_id, organization_id)
    values (p_user_id, p_role.id, p_organization_id)
    returning * into v_placed;
    return v_placed;
end
$$;

comment on function tenantry.add_user_role(uuid, public.roles, uuid) is
    'Gives a user a role in an organization, or everywhere. Raises TN001, TN002, TN023 (no seat), 23505 (held'
    ' already).';
revoke all on function tenantry.add_user_role from public, anon, authenticated, service_role;
