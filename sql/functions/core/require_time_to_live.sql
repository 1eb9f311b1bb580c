-- Checks that a time to live is above zero and at most 366 days; null passes.
--
-- Raises: TN001.
create or replace function tenantry.require_time_to_live(p_time_to_live interval) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_time_to_live <= interval '0' or p_time_to_live > interval '366 days' then
        perform tenantry.fail_invalid('time_to_live', 'must be above zero and at most 366 days');
    end if;
end
$$;

comment on function tenantry.require_time_to_live(interval) is 'Raises TN001 unless 0 < p_time_to_live <= 366 days.';
revoke all on function tenantry.require_time_to_live from public, anon, authenticated, service_role;
