-- Deletes rows that are older than the settings keep_audit_log_days, keep_events_days, keep_stripe_events_days and
-- keep_stripe_requests_days allow. Events of Stripe that are not applied yet stay, and so do purchases of the automatic
-- top-up.
--
-- It reads only the oldest rows, so its cost does not grow with the tables. Call it again while it returns p_limit or
-- more. Several sessions may call it at the same time.
--
-- p_limit: rows of one table at most.
-- Returns the number of deleted rows.
-- Locks: the deleted rows, those that no other session has locked.
-- Raises: 42501.
-- Callers: the service role.
create or replace function tenantry.delete_outdated_rows(p_limit integer default 1000) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
    v_deleted integer := 0;
    v_count integer;
begin
    perform tenantry.authorize('credits:maintain');

    -- The ids rise with time. A few neighbours can be in another order, which delays their deletion.
    delete from tenantry.audit_log as l
    where l.id = any (array(
        select oldest.id
        from (select a.id, a.created_at from tenantry.audit_log as a order by a.id limit p_limit) as oldest
        where oldest.created_at < tenantry.retention_horizon('keep_audit_log_days')));
    get diagnostics v_deleted = row_count;

    delete from tenantry.events as e
    where e.id = any (array(
        select oldest.id
        from (select a.id, a.created_at from tenantry.events as a order by a.id limit p_limit) as oldest
        where oldest.created_at < tenantry.retention_horizon('keep_events_days')));
    get diagnostics v_count = row_count;
    v_deleted := v_deleted + v_count;

    delete from tenantry.stripe_events as e
    where e.id = any (array(
        select a.id from tenantry.stripe_events as a
        where a.received_at < tenantry.retention_horizon('keep_stripe_events_days')
          and a.state in ('processed', 'ignored')
        order by a.received_at
        limit p_limit
        for update skip locked));
    get diagnostics v_count = row_count;
    v_deleted := v_deleted + v_count;

    delete from tenantry.stripe_requests as r
    where r.id = any (array(
        select a.id from tenantry.stripe_requests as a
        where a.finished_at < tenantry.retention_horizon('keep_stripe_requests_days')
          and a.state <> 'pending' and a.operation <> 'auto_top_up'
        order by a.finished_at
        limit p_limit
        for update skip locked));
    get diagnostics v_count = row_count;
    return v_deleted + v_count;
end
$$;

comment on function tenantry.delete_outdated_rows(integer) is
    'Deletes rows that are older than the settings keep_… allow. Returns their number.';
revoke all on function tenantry.delete_outdated_rows from public, anon, authenticated, service_role;
grant execute on function tenantry.delete_outdated_rows to service_role;
