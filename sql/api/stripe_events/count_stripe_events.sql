-- Counts the stuck events from Stripe by state. An index has the stuck events alone, so the time does not grow with the
-- number of processed events.
--
-- Raises: TN001, 42501.
-- Callers: holders of platform:stripe.
create or replace function tenantry.count_stripe_events(
    p_min_age_seconds integer,
    out pending integer,
    out unmatched integer,
    out failed integer,
    out oldest_failed_at timestamptz
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.authorize('platform:stripe');
    if p_min_age_seconds < 0 then
        perform tenantry.fail_invalid('min_age_seconds', 'must be at least 0');
    end if;
    select
        count(*) filter (where e.state = 'pending'),
        count(*) filter (where e.state = 'unmatched'),
        count(*) filter (where e.state = 'failed'),
        min(e.received_at) filter (where e.state = 'failed')
    into pending, unmatched, failed, oldest_failed_at
    from tenantry.stripe_events as e
    where tenantry.is_stuck_event(e.state)
      and e.received_at <= clock_timestamp() - make_interval(secs => coalesce(p_min_age_seconds, 0));
end
$$;

comment on function tenantry.count_stripe_events(integer) is 'Checks platform:stripe, and counts the stuck events.';
revoke all on function tenantry.count_stripe_events from public, anon, authenticated, service_role;
grant execute on function tenantry.count_stripe_events to authenticated, service_role;

create or replace function public.count_stripe_events(
    min_age_seconds integer default null,
    out pending integer,
    out unmatched integer,
    out failed integer,
    out oldest_failed_at timestamptz
)
language sql stable
begin atomic
    select c.pending, c.unmatched, c.failed, c.oldest_failed_at from tenantry.count_stripe_events(min_age_seconds) as c;
end;

comment on function public.count_stripe_events(integer) is
    'The number of stuck events from Stripe by state (pending, unmatched, failed), and the time at which the oldest'
    ' failed one arrived. min_age_seconds: only events that arrived so long ago. Raises TN001, 42501.';
revoke all on function public.count_stripe_events from public, anon, authenticated, service_role;
grant execute on function public.count_stripe_events to authenticated, service_role;
