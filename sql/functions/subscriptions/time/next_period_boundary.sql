-- Returns the first boundary after a moment, of periods that are counted from an anchor in UTC.
--
-- Each boundary is counted from the anchor. A period that began on the 31st comes back to the 31st after a short month.
--
-- p_anchor: can be in the future. p_interval: daily, weekly, monthly or annual. p_count: the number of intervals in a
-- period.
create or replace function tenantry.next_period_boundary(
    p_anchor timestamptz,
    p_at timestamptz,
    p_interval text,
    p_count integer
) returns timestamptz
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
    with step as (
        select
            p_anchor at time zone 'UTC' as anchor,
            p_count * case p_interval when 'annual' then 12 when 'monthly' then 1 end as months,
            p_count * case p_interval when 'weekly' then 7 when 'daily' then 1 end as days
    ),
    passed as (
        select
            step.*,
            -- A lower bound of the whole periods: one less, because a short month can hide one.
            case
                when step.months is not null then (
                    (date_part('year', p_at at time zone 'UTC') - date_part('year', step.anchor)) * 12
                    + date_part('month', p_at at time zone 'UTC') - date_part('month', step.anchor)
                ) / step.months
                else extract(epoch from p_at - p_anchor) / 86400 / step.days
            end::integer - 1 as periods
        from step
    )
    select min(boundary.at)
    from passed
    cross join generate_series(passed.periods, passed.periods + 3) as n
    cross join lateral (
        select (passed.anchor + make_interval(
            months => coalesce(n * passed.months, 0), days => coalesce(n * passed.days, 0))) at time zone 'UTC'
    ) as boundary (at)
    where boundary.at > p_at;
end;

comment on function tenantry.next_period_boundary(timestamptz, timestamptz, text, integer) is
    'The first moment after p_at at which a period counted from p_anchor ends.';
revoke all on function tenantry.next_period_boundary from public, anon, authenticated, service_role;
