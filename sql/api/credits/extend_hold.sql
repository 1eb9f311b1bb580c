-- Gives a hold a new time to live, from now.
--
-- Locks: the organization's row. The account is settled first.
-- Raises: TN001 (also for a hold that would live too long from its beginning), TN002, TN012 (organization inactive),
-- TN016 (hold not active), 42501.
-- Callers: holders of credits:consume in the organization.
create or replace function tenantry.extend_hold(
    p_organization_id uuid,
    p_hold_id uuid,
    p_time_to_live interval
) returns public.credit_hold
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_locked record;
    v_hold tenantry.credit_holds;
    v_now timestamptz;
begin
    if p_time_to_live is null then
        perform tenantry.fail_invalid('time_to_live', 'is required');
    end if;
    perform tenantry.require_time_to_live(p_time_to_live);
    v_locked := tenantry.lock_hold(p_organization_id, p_hold_id);
    v_hold := v_locked.hold;
    v_now := tenantry.account_time(v_locked.account);
    if v_hold.state <> 'active' then
        perform tenantry.fail_hold_not_active(v_hold);
    elsif not (v_locked.account).is_active then
        perform tenantry.fail_organization_inactive(p_organization_id);
    end if;
    perform tenantry.require_hold_life(p_organization_id, v_now + p_time_to_live - v_hold.created_at);
    update tenantry.credit_holds as h
    set expires_at = v_now + p_time_to_live
    where h.organization_id = p_organization_id and h.id = p_hold_id
    returning * into v_hold;
    perform tenantry.schedule_settlement(p_organization_id);
    return tenantry.present_hold(v_hold, v_now);
end
$$;

comment on function tenantry.extend_hold(uuid, uuid, interval) is
    'Locks and settles the account, checks the permission and the hold, and moves its end.';
revoke all on function tenantry.extend_hold from public, anon, authenticated, service_role;
grant execute on function tenantry.extend_hold to authenticated, service_role;

create or replace function public.extend_hold(
    organization_id uuid default null,
    hold_id uuid default null,
    time_to_live interval default null
) returns public.credit_hold
language sql volatile
return tenantry.extend_hold(organization_id, hold_id, time_to_live);

comment on function public.extend_hold(uuid, uuid, interval) is
    'Lets a hold live for time_to_live from now, longer or shorter than before; at most'
    ' max_hold_minutes (31 days unless the setting differs) from its beginning, 366 days for holders of credits:grant.'
    ' Raises TN001, TN002, TN012 (organization inactive), TN016 (hold not active), 42501.';
revoke all on function public.extend_hold from public, anon, authenticated, service_role;
grant execute on function public.extend_hold to authenticated, service_role;
