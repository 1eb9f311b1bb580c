-- Returns whether an event in this state needs another attempt. PostgreSQL expands the function inside a query. The
-- query then uses the index stripe_events_stuck_idx, whose predicate lists the states again.
create or replace function tenantry.is_stuck_event(p_state text) returns boolean
language sql immutable
return p_state in ('pending', 'unmatched', 'failed');

comment on function tenantry.is_stuck_event(text) is 'Whether an event in this state needs another attempt.';
revoke all on function tenantry.is_stuck_event from public, anon, authenticated, service_role;
