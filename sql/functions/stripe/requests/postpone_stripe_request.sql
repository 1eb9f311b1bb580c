-- Schedules the next attempt of a request to which Stripe gave no final answer: 5 seconds after the first attempt, and
-- twice as long after each further one, but one hour at most.
--
-- p_code, p_message: Stripe's description of the error.
-- Locks: none of its own. The caller holds the lock of the request.
create or replace function tenantry.postpone_stripe_request(
    p_id uuid,
    p_code text,
    p_message text
) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
    update tenantry.stripe_requests as r
    set error_type = 'unavailable',
        error_code = p_code,
        error_message = p_message,
        next_attempt_at = tenantry.clock() + least(interval '1 hour', interval '5 seconds' * 2 ^ (r.attempts - 1))
    where r.id = p_id;
end;

comment on function tenantry.postpone_stripe_request(uuid, text, text) is
    'Schedules the next attempt of a request to Stripe. The caller holds the lock of the request.';
revoke all on function tenantry.postpone_stripe_request from public, anon, authenticated, service_role;
