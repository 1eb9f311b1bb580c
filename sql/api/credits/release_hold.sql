-- Ends a hold. Its credits can be spent again, or expire if their time came during the hold. A second release does
-- nothing.
--
-- Locks: the organization's row. The account is settled first.
-- Raises: TN001, TN002, TN016 (captured or lapsed), 42501.
-- Callers: holders of credits:consume in the organization.
create or replace function tenantry.release_hold(p_organization_id uuid, p_hold_id uuid) returns public.credit_hold
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_locked record;
    v_hold tenantry.credit_holds;
    v_held integer;
    v_now timestamptz;
begin
    v_locked := tenantry.lock_hold(p_organization_id, p_hold_id);
    v_hold := v_locked.hold;
    v_now := tenantry.account_time(v_locked.account);
    if v_hold.state = 'active' then
        v_held := v_hold.remaining;
        update public.organizations as o
        set credits_reserved = o.credits_reserved - v_held
        where o.id = p_organization_id;
        update tenantry.credit_holds as h
        set remaining = 0, state = 'released', ended_at = v_now
        where h.organization_id = p_organization_id and h.id = p_hold_id
        returning * into v_hold;
        perform tenantry.expire_lots(p_organization_id, v_now, v_held);
        perform tenantry.schedule_settlement(p_organization_id);
    elsif v_hold.state <> 'released' then
        perform tenantry.fail_hold_not_active(v_hold);
    end if;
    return tenantry.present_hold(v_hold, v_now);
end
$$;

comment on function tenantry.release_hold(uuid, uuid) is
    'Locks and settles the account, checks the permission, and frees the credits of the hold.';
revoke all on function tenantry.release_hold from public, anon, authenticated, service_role;
grant execute on function tenantry.release_hold to authenticated, service_role;

create or replace function public.release_hold(
    organization_id uuid default null,
    hold_id uuid default null
) returns public.credit_hold
language sql volatile
return tenantry.release_hold(organization_id, hold_id);

comment on function public.release_hold(uuid, uuid) is
    'Ends a hold and frees the credits that it still held. Raises TN001, TN002, TN016 (captured or lapsed), 42501.';
revoke all on function public.release_hold from public, anon, authenticated, service_role;
grant execute on function public.release_hold to authenticated, service_role;
