-- Marks a request as failed that Stripe refuses, or that cannot be sent. Requests that wait for its customer fail too.
-- A failed top-up records an event for the application.
--
-- p_type, p_code, p_message: Stripe's description of the error.
-- Locks: none of its own. The caller holds the lock of the request.
create or replace function tenantry.mark_stripe_request_failed(
    p_request tenantry.stripe_requests,
    p_type text,
    p_code text,
    p_message text
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    update tenantry.stripe_requests as r
    set state = 'failed',
        error_type = left(p_type, 100),
        error_code = left(p_code, 100),
        error_message = p_message,
        finished_at = tenantry.clock()
    where r.state = 'pending'
      and (r.id = p_request.id or (
          p_request.operation = 'ensure_customer'
          and r.organization_id = p_request.organization_id
          and tenantry.is_waiting_for_customer(r.params)
      ));
    if p_request.operation = 'auto_top_up' then
        perform tenantry.record_top_up_failure(
            p_request.organization_id,
            jsonb_build_object(
                'reason', coalesce(p_code, p_type), 'message', p_message, 'stripe_request_id', p_request.id));
    end if;
end
$$;

comment on function tenantry.mark_stripe_request_failed(tenantry.stripe_requests, text, text, text) is
    'Marks a request to Stripe, and those that wait for its customer, as failed. The caller holds its lock.';
revoke all on function tenantry.mark_stripe_request_failed from public, anon, authenticated, service_role;
