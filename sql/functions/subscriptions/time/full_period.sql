-- Returns the length of the whole period of which a credit period is one, or a part: a subscription can begin with a
-- shorter period, so that later ones begin on the first day of a month. A period that lacks less than a tenth counts as
-- whole, because months have 28 to 31 days.
--
-- p_plan: the plan that the periods are of. p_starts_at, p_ends_at: the credit period.
create or replace function tenantry.full_period(
    p_plan public.subscription_plans,
    p_starts_at timestamptz,
    p_ends_at timestamptz
) returns interval
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
    select case
        when utc.ends_at - utc.starts_at >= (utc.starts_at + step.length - utc.starts_at) * 0.9
            then utc.ends_at - utc.starts_at
        else utc.ends_at - (utc.ends_at - step.length)
    end
    from (select p_starts_at at time zone 'UTC', p_ends_at at time zone 'UTC') as utc (starts_at, ends_at)
    cross join (
        select case
            when p_plan.features ->> 'credit_interval' = 'monthly' and p_plan.interval in ('monthly', 'annual')
                then interval '1 month'
            when p_plan.interval = 'daily' then make_interval(days => p_plan.interval_count)
            when p_plan.interval = 'weekly' then make_interval(weeks => p_plan.interval_count)
            when p_plan.interval = 'monthly' then make_interval(months => p_plan.interval_count)
            else make_interval(years => p_plan.interval_count)
        end
    ) as step (length);
end;

comment on function tenantry.full_period(public.subscription_plans, timestamptz, timestamptz) is
    'The length of the whole period of which a credit period is one, or a part.';
revoke all on function tenantry.full_period from public, anon, authenticated, service_role;
