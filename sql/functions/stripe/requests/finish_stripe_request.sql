-- Brings back what Stripe answered to a request: ends it, or has it sent again later; takes the object in the answer
-- for what an event would have told; and asks for what comes next.
--
-- p_status: HTTP status; null when no answer came. p_body: the answer. p_answered_at: Stripe's time of it.
-- p_is_replay: whether Stripe gave an earlier answer again, as the idempotency key was known: then the object is as it
-- was at that time, which lies between the making of the request and now. Returns the request. Finished already, it
-- stays as it is.
-- Locks: all that comes from Stripe, the organization's row (settled first), the request. Raises TN002, 42501. Callers:
-- who holds platform:stripe.
create or replace function tenantry.finish_stripe_request(
    p_id uuid,
    p_status integer,
    p_body jsonb,
    p_answered_at timestamptz,
    p_is_replay boolean
) returns public.stripe_request
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_error constant jsonb := p_body -> 'error';
    v_request tenantry.stripe_requests;
    v_answer jsonb;
    v_version timestamptz;
begin
    perform tenantry.authorize('platform:stripe');
    select * into v_request from tenantry.stripe_requests as r where r.id = p_id;
    if not found then
        perform tenantry.fail_not_found('stripe_request', p_id::text);
    end if;
    -- Ahead of the account, as whoever mirrors an object does.
    perform tenantry.lock_stripe();
    if v_request.organization_id is not null then
        -- Ahead of the request: a consumption holds the account when it asks for a top-up.
        perform tenantry.lock_account(v_request.organization_id);
    end if;
    select * into v_request from tenantry.stripe_requests as r where r.id = p_id for update;
    if v_request.state <> 'pending' then
        return tenantry.present_stripe_request(v_request);
    end if;
    v_version := case when p_is_replay then v_request.created_at else p_answered_at end;

    if p_status between 200 and 299 then
        v_answer := p_body;
        update tenantry.stripe_requests as r
        set state = 'succeeded',
            stripe_id = p_body ->> 'id',
            url = case when p_body ->> 'object' like '%.session' then p_body ->> 'url' end,
            finished_at = tenantry.clock()
        where r.id = p_id;
    elsif p_status between 400 and 499 and p_status not in (409, 429) then
        -- A payment that was declined comes along.
        v_answer := v_error -> 'payment_intent';
        perform tenantry.mark_stripe_request_failed(
            v_request,
            case when p_status in (401, 403) then 'authentication_error' else v_error ->> 'type' end,
            coalesce(v_error ->> 'decline_code', v_error ->> 'code'),
            v_error ->> 'message');
    else
        update tenantry.stripe_requests as r
        set error_type = 'unavailable',
            error_code = coalesce(v_error ->> 'code', p_status::text),
            error_message = coalesce(v_error ->> 'message', 'Stripe did not answer'),
            next_attempt_at = tenantry.clock() + least(interval '1 hour', interval '5 seconds' * 2 ^ (r.attempts - 1))
        where r.id = p_id;
    end if;

    begin
        perform tenantry.apply_stripe_response(v_request, v_answer, v_version);
        if p_status between 200 and 299 then
            perform tenantry.follow_up_stripe_request(v_request, p_body);
        end if;
    exception
        when serialization_failure or deadlock_detected then
            raise;
        when others then
            -- What Stripe did is done: it is remembered, with what stood against following it.
            update tenantry.stripe_requests as r
            set error_type = 'not_applied', error_code = sqlstate, error_message = sqlerrm
            where r.id = p_id and r.state = 'succeeded';
    end;
    select * into v_request from tenantry.stripe_requests as r where r.id = p_id;
    return tenantry.present_stripe_request(v_request);
end
$$;

comment on function tenantry.finish_stripe_request(uuid, integer, jsonb, timestamptz, boolean) is
    'Brings back what Stripe answered to a request, or that it did not. Raises TN002, 42501.';
revoke all on function tenantry.finish_stripe_request from public, anon, authenticated, service_role;
grant execute on function tenantry.finish_stripe_request to service_role;
