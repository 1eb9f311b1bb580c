-- Returns whether Stripe has answered all requests about a subject. Raises the error of a request that failed, or whose
-- last attempt failed.
--
-- p_about: a request, or the subject of requests. p_since: leaves out requests that ended before this time.
--
-- Raises: TN041 (Stripe is unavailable; the request is sent again), TN042 (not configured), TN043 (payment declined),
-- TN044 (refused), TN049 (a change waits for its payment), 42501.
-- Callers: holders of platform:stripe.
create or replace function tenantry.poll_stripe_requests(
    p_organization_id uuid,
    p_about uuid,
    p_since timestamptz
) returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_request tenantry.stripe_requests;
    v_all_answered boolean := true;
begin
    perform tenantry.authorize('platform:stripe');
    for v_request in
        select * from tenantry.stripe_requests as r
        where r.organization_id is not distinct from p_organization_id
          and (r.finished_at is null or r.finished_at >= p_since)
          and (r.id = p_about or r.subject_id = p_about or (
              r.operation = 'ensure_customer' and exists (
                  select from tenantry.stripe_requests as waiting
                  where waiting.id = p_about and tenantry.is_waiting_for_customer(waiting.params)
              )
          ))
        order by r.id
    loop
        if v_request.error_type is not null then
            perform tenantry.fail(
                case
                    when v_request.error_type in ('unavailable', 'expired') then 'TN041'
                    when v_request.error_type in ('not_configured', 'authentication_error') then 'TN042'
                    when v_request.error_type = 'card_error' then 'TN043'
                    when v_request.error_type = 'payment_incomplete' then 'TN049'
                    else 'TN044'
                end,
                coalesce(v_request.error_message, v_request.error_type),
                jsonb_build_object(
                    'stripe_request_id', v_request.id, 'operation', v_request.operation, 'state', v_request.state,
                    'type', v_request.error_type, 'code', v_request.error_code)
                || case
                    when v_request.error_type = 'payment_incomplete' then jsonb_build_object('url', v_request.url)
                    else '{}'
                end);
        end if;
        v_all_answered := v_all_answered and v_request.state <> 'pending';
    end loop;
    return v_all_answered;
end
$$;

comment on function tenantry.poll_stripe_requests(uuid, uuid, timestamptz) is
    'Whether Stripe has answered the requests about a subject. Raises TN041, TN042, TN043, TN044,'
    ' TN049, 42501.';
revoke all on function tenantry.poll_stripe_requests from public, anon, authenticated, service_role;
grant execute on function tenantry.poll_stripe_requests to service_role;
