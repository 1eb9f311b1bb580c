-- Raises an error if a role assignment is the last one of an owner in its organization.
--
-- Locks: none of its own. The caller holds the lock of the organization's row.
-- Raises: TN022.
create or replace function tenantry.require_other_owner(
    p_assignment public.user_roles
) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_assignment.organization_id is not null
        and p_assignment.role_id = (select r.id from public.roles as r where r.name = 'owner')
        and not exists (
            select from public.user_roles as ur
            where ur.organization_id = p_assignment.organization_id and ur.role_id = p_assignment.role_id
              and ur.id <> p_assignment.id
        ) then
        perform tenantry.fail(
            'TN022', 'an organization keeps an owner, and this is the last',
            jsonb_build_object('organization_id', p_assignment.organization_id, 'user_id', p_assignment.user_id),
            'Make somebody else an owner first, or transfer the ownership.');
    end if;
end
$$;

comment on function tenantry.require_other_owner(public.user_roles) is
    'Raises TN022 if the assignment makes its user the organization''s last owner.';
revoke all on function tenantry.require_other_owner from public, anon, authenticated, service_role;
