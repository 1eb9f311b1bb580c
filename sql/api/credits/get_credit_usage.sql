-- Returns the consumption by period and group.
--
-- The answer comes from sums by quarter of an hour, and from the entries after them. last_summed_entry() brings the
-- sums up to date first. A refund does not lower usage: it is an entry of its own.
--
-- Locks: the organization's row of credit_usage_progress.
-- Raises: TN001, TN002, 42501.
-- Callers: holders of credits:read in the organization.
create or replace function tenantry.get_credit_usage(
    p_organization_id uuid,
    p_start_time timestamptz,
    p_end_time timestamptz,
    p_granularity text,
    p_time_zone text,
    p_group_by text,
    out buckets public.credit_usage_bucket[],
    out total_credits bigint,
    out total_entries bigint
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    c_quarter constant interval := '15 minutes';
    c_origin constant timestamptz := '2000-01-01 00:00+00';
    v_granularity constant text := coalesce(p_granularity, 'day');
    v_zone constant text := coalesce(p_time_zone, 'UTC');
    v_group constant text := coalesce(p_group_by, 'none');
    v_end constant timestamptz := coalesce(p_end_time, tenantry.clock());
    v_start constant timestamptz := date_bin(c_quarter, coalesce(p_start_time, v_end - interval '30 days'), c_origin);
    v_account public.organizations;
    v_summed bigint;
begin
    v_account := tenantry.read_account(p_organization_id);
    if v_granularity not in ('hour', 'day', 'week', 'month') then
        perform tenantry.fail_invalid('granularity', 'must be hour, day, week or month');
    elsif v_group not in ('none', 'event', 'category', 'source') then
        perform tenantry.fail_invalid('group_by', 'must be none, event, category or source');
    elsif v_end <= coalesce(p_start_time, '-infinity') then
        perform tenantry.fail_invalid('end_time', 'must lie after start_time');
    end if;
    begin
        perform v_end at time zone v_zone;
    exception
        when invalid_parameter_value then
            perform tenantry.fail_invalid('time_zone', format('"%s" is not a time zone', v_zone));
    end;
    if v_granularity = 'hour' and v_end - v_start > interval '366 days' then
        perform tenantry.fail_invalid('start_time', 'lies too far back for hours: 366 days are allowed');
    end if;

    v_summed := tenantry.last_summed_entry(v_account);
    -- The last entry in the sums is read again here, in one snapshot with the sums, because another session may sum up
    -- meanwhile. The number that is known already shows the planner that few entries are left.
    with parts as (
        select u.quarter_hour, u.credit_event_id, u.source, u.credits, u.quantity, u.entries
        from tenantry.credit_usage as u
        where u.organization_id = p_organization_id and u.quarter_hour >= v_start and u.quarter_hour < v_end
        union all
        select date_bin(c_quarter, t.created_at, c_origin), t.credit_event_id, t.source, - t.amount, t.quantity, 1
        from public.credit_transactions as t
        where t.organization_id = p_organization_id and t.entry_number > v_summed
          and t.entry_number > (select tenantry.summed_entry(p_organization_id))
          and t.transaction_type = 'consumed'
          and t.created_at >= v_start
          and t.created_at < date_bin(c_quarter, v_end - interval '1 us', c_origin) + c_quarter
    ),
    grouped as (
        select
            date_trunc(v_granularity, parts.quarter_hour, v_zone) as start_time,
            case v_group
                when 'event' then coalesce(e.name, '')
                when 'category' then coalesce(e.category, '')
                when 'source' then parts.source
                else ''
            end as group_key,
            sum(parts.credits)::bigint as credits,
            coalesce(sum(parts.quantity), 0)::bigint as quantity,
            sum(parts.entries)::bigint as entries
        from parts
        left join public.credit_events as e on e.id = parts.credit_event_id
        group by 1, 2
    )
    select
        coalesce(array_agg(row(g.*)::public.credit_usage_bucket order by g.start_time, g.group_key), '{}'),
        coalesce(sum(g.credits), 0), coalesce(sum(g.entries), 0)
    into buckets, total_credits, total_entries
    from grouped as g;
end
$$;

comment on function tenantry.get_credit_usage(uuid, timestamptz, timestamptz, text, text, text) is
    'Checks the permission, brings the sums up to date if many entries are missing, and reads them.';
revoke all on function tenantry.get_credit_usage from public, anon, authenticated, service_role;
grant execute on function tenantry.get_credit_usage to authenticated, service_role;

create or replace function public.get_credit_usage(
    organization_id uuid default null,
    start_time timestamptz default null,
    end_time timestamptz default null,
    granularity text default null,
    time_zone text default null,
    group_by text default null,
    out buckets public.credit_usage_bucket[],
    out total_credits bigint,
    out total_entries bigint
)
language sql volatile
begin atomic
    select u.buckets, u.total_credits, u.total_entries
    from tenantry.get_credit_usage(organization_id, start_time, end_time, granularity, time_zone, group_by) as u;
end;

comment on function public.get_credit_usage(uuid, timestamptz, timestamptz, text, text, text) is
    'Credits consumed from start_time (30 days before the end unless given) to end_time (now unless given), each'
    ' moved outwards to a whole quarter of an hour. granularity: hour, day (unless given), week or month, in time_zone'
    ' (UTC unless given). group_by: event, category, source or none (unless given). Periods without consumption are'
    ' left out. Raises TN001, TN002, 42501.';
revoke all on function public.get_credit_usage from public, anon, authenticated, service_role;
grant execute on function public.get_credit_usage to authenticated, service_role;
