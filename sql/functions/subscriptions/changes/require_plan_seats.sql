-- Raises an error for a plan with fewer seats than the organization has members.
--
-- p_max_users: the seats; null for no limit.
-- Raises: TN023.
create or replace function tenantry.require_plan_seats(p_organization_id uuid, p_max_users integer) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_members integer;
begin
    if p_max_users is null then
        return;
    end if;
    select count(distinct ur.user_id) into v_members
    from public.user_roles as ur
    where ur.organization_id = p_organization_id;
    if v_members > p_max_users then
        perform tenantry.fail(
            'TN023', format('the plan has %s seats, and the organization %s members', p_max_users, v_members),
            jsonb_build_object('organization_id', p_organization_id, 'seats', p_max_users, 'taken', v_members),
            'Remove members first, or choose a plan with more seats.');
    end if;
end
$$;

comment on function tenantry.require_plan_seats(uuid, integer) is
    'Raises TN023 if the organization has more members than seats.';
revoke all on function tenantry.require_plan_seats from public, anon, authenticated, service_role;
