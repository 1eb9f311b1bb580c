-- Checks the life of a hold, from its beginning to its latest end. Held credits survive their expiry, so nobody may
-- hold them for ever by extending the hold.
--
-- The limit is the setting max_hold_minutes. For a holder of credits:grant, who could grant the credits again, it is
-- 366 days.
--
-- Raises: TN001 (time_to_live).
create or replace function tenantry.require_hold_life(p_organization_id uuid, p_life interval) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_limit interval;
begin
    -- The setting is never below 4096 minutes, so a short life needs no look at it.
    if p_life <= interval '2 days' then
        return;
    end if;
    v_limit := case
        when tenantry.is_authorized('credits:grant', p_organization_id) then interval '366 days'
        else make_interval(mins => tenantry.setting('max_hold_minutes'))
    end;
    if p_life > v_limit then
        perform tenantry.fail_invalid('time_to_live', format(
            'the hold would live for longer than %s days from its beginning',
            round(extract(epoch from v_limit) / 86400, 1)));
    end if;
end
$$;

comment on function tenantry.require_hold_life(uuid, interval) is
    'Raises TN001 if a hold would live too long from its beginning, for this caller.';
revoke all on function tenantry.require_hold_life from public, anon, authenticated, service_role;
