-- Returns one row for each measure of the database's health: its value, the largest value that needs no attention, and
-- the remedy.
--
-- Every measure reads an index or the statistics of PostgreSQL, and counts stop at 10,000. So the cost does not grow
-- with the tables, and a monitor can call the function every few seconds.
--
-- Locks: nothing. It writes nothing.
-- Callers: the service role, and members of pg_monitor.
create or replace function tenantry.health()
returns table (
    measure text,
    value double precision,
    unit text,
    limit_value double precision,
    is_ok boolean,
    remedy text
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
begin atomic
    with measures (measure, value, unit, limit_value, remedy) as (
        select
            'due_accounts', (
                select count(*)::double precision
                from (
                    select
                    from public.organizations as o
                    where o.credits_settle_at <= tenantry.clock()
                    order by o.credits_settle_at
                    limit 10000
                ) as due
            ),
            'accounts', null::double precision, 'The server settles due accounts once a minute.'
        union all
        select
            'oldest_due_account', (
                select date_part('epoch', tenantry.clock() - min(due.credits_settle_at))
                from (
                    select o.id, o.credits_settle_at
                    from public.organizations as o
                    where o.credits_settle_at <= tenantry.clock()
                    order by o.credits_settle_at
                    limit 10000
                ) as due
                where not exists (
                    select from tenantry.settlement_failures as f
                    where f.organization_id = due.id and f.due_at = due.credits_settle_at
                )
            ),
            'seconds', 300, 'Start a server, or let pg_cron call tenantry.settle_due_accounts().'
        union all
        select
            'accounts_set_aside', (
                select count(*)
                from (
                    select
                    from tenantry.settlement_failures as f
                    join public.organizations as o on o.id = f.organization_id and o.credits_settle_at = f.due_at
                    order by f.organization_id
                    limit 10000
                ) as failed
            ),
            'accounts', 0, 'Run tenantry verify, and read tenantry.settlement_failures.'
        union all
        select
            'stuck_stripe_events', (
                select count(*)
                from (
                    select
                    from tenantry.stripe_events as e
                    where
                        tenantry.is_stuck_event(e.state)
                        and e.received_at <= clock_timestamp() - interval '1 minute'
                    order by e.received_at
                    limit 10000
                ) as stuck
            ),
            'events', 0, 'Run tenantry stripe events, and then tenantry stripe retry.'
        union all
        select
            'oldest_due_stripe_request', (
                select date_part('epoch', clock_timestamp() - r.next_attempt_at)
                from tenantry.stripe_requests as r
                where r.state = 'pending' and r.next_attempt_at <= clock_timestamp()
                order by r.next_attempt_at
                limit 1
            ),
            'seconds', 300, 'Start a server with TENANTRY_STRIPE_API_KEY.'
        union all
        select
            'dead_account_rows', (
                select s.n_dead_tup / (1000.0 + s.n_live_tup)
                from pg_stat_all_tables as s
                where s.relid = 'public.organizations'::regclass
            ),
            'dead rows for each live row', 10,
            'End the transaction that is open for too long; see pg_stat_activity.'
        union all
        select
            'transaction_age',
            (select age(d.datfrozenxid) from pg_database as d
where d.datname = current_database()),
            'transactions', 1000000000,
            'Let autovacuum freeze old rows, and end what holds them: see pg_prepared_xacts and pg_replication_slots.'
        union all
        select
            'ledger_size', pg_total_relation_size('public.credit_transactions'), 'bytes', null, 'For your information.'
        union all
        select 'database_size', pg_database_size(current_database()), 'bytes', null, 'For your information.'
    )
    select
        m.measure, coalesce(m.value, 0), m.unit, m.limit_value,
        m.limit_value is null or coalesce(m.value, 0) <= m.limit_value, m.remedy
    from measures as m;
end;

comment on function tenantry.health() is
    'Each measure of the database''s health: its value, the largest value that needs no attention (null where none is'
    ' set), whether the value is below that limit, and the remedy. Callers: the service role, members of pg_monitor.';
revoke all on function tenantry.health from public, anon, authenticated, service_role;
grant execute on function tenantry.health to service_role, pg_monitor;
