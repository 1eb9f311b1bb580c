-- Returns the credit periods of a billing period, each with the time at which its unspent credits expire.
--
-- The billing period is one credit period, or has one for each month (features: credit_interval monthly).
--
-- p_anchor: the time from which periods are counted. p_start, p_end: the billing period.
create or replace function tenantry.credit_periods(
    p_plan public.subscription_plans,
    p_anchor timestamptz,
    p_start timestamptz,
    p_end timestamptz,
    out starts_at timestamptz,
    out ends_at timestamptz,
    out expires_at timestamptz
) returns setof record
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_monthly constant boolean := p_plan.features ->> 'credit_interval' = 'monthly'
        and p_plan.interval in ('monthly', 'annual');
begin
    starts_at := p_start;
    while starts_at < p_end loop
        ends_at := case
            when v_monthly
                then least(tenantry.next_period_boundary(coalesce(p_anchor, p_start), starts_at, 'monthly', 1), p_end)
            else p_end
        end;
        expires_at := case when p_plan.features ->> 'credit_rollover' = 'all' then 'infinity' else ends_at end;
        return next;
        starts_at := ends_at;
    end loop;
end
$$;

comment on function tenantry.credit_periods(public.subscription_plans, timestamptz, timestamptz, timestamptz) is
    'The credit periods of a billing period, and the times at which their credits expire.';
revoke all on function tenantry.credit_periods from public, anon, authenticated, service_role;
