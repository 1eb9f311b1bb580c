-- Retries stuck events: pending, unmatched and failed ones. Events with the fewest attempts come first.
--
-- Locks: the Stripe lock of all customers, then the accounts of all these events, as in apply_stripe_object(), until
-- the end of the transaction.
-- Raises: TN001, 42501.
-- Callers: holders of platform:stripe.
create or replace function tenantry.retry_stripe_events(
    p_max_events integer,
    out processed integer,
    out stuck integer
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_id text;
begin
    perform tenantry.authorize('platform:stripe');
    if p_max_events <= 0 then
        perform tenantry.fail_invalid('max_events', 'must be greater than 0');
    end if;
    processed := 0;
    perform tenantry.lock_stripe(null);
    for v_id in
        select e.id
        from tenantry.stripe_events as e
        where tenantry.is_stuck_event(e.state)
        order by e.attempts, e.received_at, e.id
        limit coalesce(p_max_events, 100)
    loop
        if not tenantry.is_stuck_event((tenantry.process_stored_event(v_id)).state) then
            processed := processed + 1;
        end if;
    end loop;
    select count(*) into stuck
    from tenantry.stripe_events as e
    where tenantry.is_stuck_event(e.state);
end
$$;

comment on function tenantry.retry_stripe_events(integer) is
    'Checks platform:stripe, and processes the stuck events again.';
revoke all on function tenantry.retry_stripe_events from public, anon, authenticated, service_role;
grant execute on function tenantry.retry_stripe_events to authenticated, service_role;

create or replace function public.retry_stripe_events(
    max_events integer default null,
    out processed integer,
    out stuck integer
)
language sql volatile
begin atomic
    select r.processed, r.stuck from tenantry.retry_stripe_events(max_events) as r;
end;

comment on function public.retry_stripe_events(integer) is
    'Retries stuck events (pending, unmatched, failed), those with the fewest attempts first. max_events: the most'
    ' events, 100 unless given. Returns the number of events that were processed, and of those that are still stuck.'
    ' Raises TN001, 42501.';
revoke all on function public.retry_stripe_events from public, anon, authenticated, service_role;
grant execute on function public.retry_stripe_events to authenticated, service_role;
