-- Claims requests that are due, for one sender. Other senders cannot claim them for two minutes. If the sender stops,
-- another one sends the request again after that, with the same idempotency key.
--
-- Requests about one subject are sent in order, so a cancellation that is retried does not overtake a later resumption.
-- Stripe keeps idempotency keys for a day. A request that could not be sent for 23 hours fails, because Stripe could
-- carry it out twice.
--
-- p_limit: the most requests. p_organization_id: only requests of this organization.
--
-- Locks: the requests, without those that others have locked.
-- Raises: 42501.
-- Callers: holders of platform:stripe.
create or replace function tenantry.claim_stripe_requests(
    p_limit integer default 10,
    p_organization_id uuid default null,
    out id uuid,
    out method text,
    out path text,
    out params jsonb
) returns setof record
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := tenantry.clock();
    v_request tenantry.stripe_requests;
begin
    perform tenantry.authorize('platform:stripe');
    for v_request in
        select r.* from tenantry.stripe_requests as r
        where r.state = 'pending' and r.created_at < v_now - interval '23 hours'
        order by r.id
        limit p_limit
        for update skip locked
    loop
        perform tenantry.mark_stripe_request_failed(
            v_request, 'expired', null, 'Stripe could not be reached for 23 hours');
    end loop;
    return query
    with due as (
        select r.id
        from tenantry.stripe_requests as r
        where r.state = 'pending'
          and r.next_attempt_at <= v_now
          and (p_organization_id is null or r.organization_id = p_organization_id)
          and not tenantry.is_waiting_for_customer(r.params)
          and not exists (
              select from tenantry.stripe_requests as earlier
              where earlier.state = 'pending'
                and earlier.subject_id = r.subject_id
                and earlier.organization_id is not distinct from r.organization_id
                and earlier.id < r.id
          )
        order by r.next_attempt_at, r.id
        limit p_limit
        for update skip locked
    )
    update tenantry.stripe_requests as r
    set attempts = r.attempts + 1,
        next_attempt_at = v_now + interval '2 minutes',
        error_type = null,
        error_code = null,
        error_message = null
    from due
    where r.id = due.id
    returning r.id, r.method::text, r.path, r.params;
end
$$;

comment on function tenantry.claim_stripe_requests(integer, uuid) is
    'Claims due requests to Stripe for one sender, who ends each with finish_stripe_request().';
revoke all on function tenantry.claim_stripe_requests from public, anon, authenticated, service_role;
grant execute on function tenantry.claim_stripe_requests to service_role;
