-- Estimates when an organization runs out of credits, if it spends on as before.
--
-- The mean daily burn is the consumption of the last days, divided by these days. If the first entry is later, the days
-- since that entry count, at least one. The function then spends the available credits at that rate in spending order.
-- Credits that are unspent at their expiry are lost on the way.
--
-- The consumption comes from sums by quarter of an hour, and from the entries before and after them.
--
-- Locks: the organization's row of credit_usage_progress, if last_summed_entry() sums up.
-- Raises: TN001, TN002, 42501.
-- Callers: holders of credits:read in the organization.
create or replace function tenantry.estimate_runway(
    p_organization_id uuid,
    p_days integer,
    out available integer,
    out mean_daily_burn double precision,
    out runs_out_at timestamptz,
    out expiring_unspent integer
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now timestamptz;
    v_days constant integer := coalesce(p_days, 30);
    v_account public.organizations;
    v_start timestamptz;
    v_first timestamptz;
    v_quarter timestamptz;
    v_before bigint;
    v_summed bigint;
    v_spent bigint;
    v_held double precision;
    v_lot record;
    v_left double precision;
    v_lost double precision := 0;
    v_elapsed double precision := 0;
begin
    v_account := tenantry.read_account(p_organization_id);
    v_now := tenantry.account_time(v_account);
    if v_days not between 1 and 366 then
        perform tenantry.fail_invalid('days', 'must be between 1 and 366');
    end if;
    select b.available, b.held into available, v_held
    from tenantry.get_credit_balance(p_organization_id, null) as b;

    select min(t.created_at) into v_first
    from public.credit_transactions as t
    where t.organization_id = p_organization_id and t.entry_number = 1;
    v_start := v_now - make_interval(days => v_days);
    v_quarter := date_bin('15 minutes', v_start, '2000-01-01 00:00+00') + interval '15 minutes';
    v_before := tenantry.last_entry_number_at(v_account, v_quarter - interval '1 us');
    v_summed := tenantry.last_summed_entry(v_account);
    -- The last entry in the sums is read again here, as in get_credit_usage().
    with parts as (
        select u.credits
        from tenantry.credit_usage as u
        where u.organization_id = p_organization_id and u.quarter_hour >= v_quarter
        union all
        select - t.amount
        from public.credit_transactions as t
        where t.organization_id = p_organization_id and t.transaction_type = 'consumed'
          and t.entry_number > tenantry.last_entry_number_at(v_account, v_start) and t.entry_number <= v_before
        union all
        select - t.amount
        from public.credit_transactions as t
        where t.organization_id = p_organization_id and t.transaction_type = 'consumed'
          and t.entry_number > v_before and t.entry_number > v_summed
          and t.entry_number > (select tenantry.summed_entry(p_organization_id))
    )
    select coalesce(sum(parts.credits), 0) into v_spent from parts;
    mean_daily_burn := v_spent / least(
        v_days, greatest(1, date_part('epoch', v_now - coalesce(v_first, v_now)) / 86400));

    if available <= 0 then
        runs_out_at := v_now;
        expiring_unspent := 0;
        return;
    end if;
    for v_lot in
        select
            l.remaining,
            -- Before PostgreSQL 17 a time cannot be subtracted from infinity.
            case
                when (l.lot).expires_at = 'infinity' then 'infinity'
                else date_part('epoch', (l.lot).expires_at - v_now) / 86400
            end as days
        from tenantry.project_lots(v_account, v_now) as l
        where l.remaining > 0 and (l.lot).expires_at > v_now
        order by
            (l.lot).expires_at, (l.lot).priority, (l.lot).entry_number, (l.lot).effective_at, (l.lot).id
    loop
        -- The holds keep the credits that would be spent first.
        v_left := greatest(v_lot.remaining - v_held, 0);
        v_held := v_held - (v_lot.remaining - v_left);
        continue when v_left = 0;
        if mean_daily_burn > 0 and mean_daily_burn * (v_lot.days - v_elapsed) >= v_left then
            v_elapsed := v_elapsed + v_left / mean_daily_burn;
        elsif v_lot.days < 'infinity' then
            v_lost := v_lost + v_left - mean_daily_burn * (v_lot.days - v_elapsed);
            v_elapsed := v_lot.days;
        else
            v_elapsed := 'infinity';
        end if;
    end loop;
    expiring_unspent := round(v_lost);
    -- A time in more than a thousand years is reported as never.
    if v_elapsed < 365250 then
        runs_out_at := v_now + v_elapsed * interval '1 day';
    end if;
end
$$;

comment on function tenantry.estimate_runway(uuid, integer) is
    'Checks the permission, and spends the lots at the mean daily burn until they are gone.';
revoke all on function tenantry.estimate_runway from public, anon, authenticated, service_role;
grant execute on function tenantry.estimate_runway to authenticated, service_role;

create or replace function public.estimate_runway(
    organization_id uuid default null,
    days integer default null,
    out available integer,
    out mean_daily_burn double precision,
    out runs_out_at timestamptz,
    out expiring_unspent integer
)
language sql volatile
begin atomic
    select r.available, r.mean_daily_burn, r.runs_out_at, r.expiring_unspent
    from tenantry.estimate_runway(organization_id, days) as r;
end;

comment on function public.estimate_runway(uuid, integer) is
    'When the credits run out at the mean daily burn of the last days (30 unless given, 1 to 366): runs_out_at, null'
    ' for never; expiring_unspent: credits that will expire before they are spent at that rate. Raises TN001, TN002,'
    ' 42501.';
revoke all on function public.estimate_runway from public, anon, authenticated, service_role;
grant execute on function public.estimate_runway to authenticated, service_role;
