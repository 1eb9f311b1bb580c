-- Checks that a time to live is above zero and at most a number of days; null passes.
--
-- An interval of mixed signs, such as -12 months 361 days, is refused: whether it is above zero depends on the
-- calendar.
--
-- p_field: the name of the argument.
--
-- Raises: TN001.
create or replace function tenantry.require_time_to_live(
    p_time_to_live interval,
    p_field text default 'time_to_live',
    p_max_days integer default 366
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_time_to_live <= interval '0' or p_time_to_live > make_interval(days => p_max_days)
        or least(
            extract(year from p_time_to_live), extract(month from p_time_to_live), extract(day from p_time_to_live),
            extract(hour from p_time_to_live), extract(minute from p_time_to_live), extract(second from p_time_to_live)
        ) < 0 then
        perform tenantry.fail_invalid(p_field, format('must be above zero and at most %s days', p_max_days));
    end if;
end
$$;

comment on function tenantry.require_time_to_live(interval, text, integer) is
    'Raises TN001 unless 0 < p_time_to_live <= p_max_days, in all its parts.';
revoke all on function tenantry.require_time_to_live from public, anon, authenticated, service_role;
