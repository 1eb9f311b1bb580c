-- Raises an error if the plan of an organization has no seat left for a further member.
--
-- A user who already is a member needs no further seat.
-- Locks: none of its own. The caller holds the lock of the organization's row, so two calls cannot take the last seat.
-- Raises: TN023.
-- Callers: add_user_role(), under lock_organization().
create or replace function tenantry.require_free_seat(
    p_organization_id uuid,
    p_user_id uuid
) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_seats integer;
    v_taken integer;
begin
    v_seats := (tenantry.entitled_plan(tenantry.live_subscription(p_organization_id))).max_users;
    if v_seats is null or exists (
        select from public.user_roles as ur where ur.organization_id = p_organization_id and ur.user_id = p_user_id
    ) then
        return;
    end if;
    select count(distinct ur.user_id) into v_taken
    from public.user_roles as ur
    where ur.organization_id = p_organization_id;
    if v_taken >= v_seats then
        perform tenantry.fail(
            'TN023', format('all %s seats of the plan are taken', v_seats),
            jsonb_build_object('organization_id', p_organization_id, 'seats', v_seats, 'taken', v_taken));
    end if;
end
$$;

comment on function tenantry.require_free_seat(uuid, uuid) is
    'Raises TN023 if the plan of the organization has no seat left for a further member.';
revoke all on function tenantry.require_free_seat from public, anon, authenticated, service_role;
