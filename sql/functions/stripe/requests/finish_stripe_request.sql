-- Records Stripe's answer to a request: ends the request, or schedules another attempt. Applies the object in the
-- answer as if its event had arrived, and creates the requests that follow. Returns the request. A finished request
-- stays as it is.
--
-- p_status: the HTTP status; null without an answer. p_body: the answer. p_answered_at: Stripe's time of the answer.
-- p_is_replay: whether Stripe repeated an earlier answer, because it knew the idempotency key. The object then has its
-- state of that earlier time, which is between the creation of the request and now.
--
-- Locks: if the answer has an object, the Stripe lock of its customer; then the organization's row, whose account it
-- settles; then the request.
-- Raises: TN002, 42501.
-- Callers: holders of platform:stripe.
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
    -- A change that waits for the payment of this invoice.
    v_unpaid jsonb;
begin
    perform tenantry.authorize('platform:stripe');
    select * into v_request from tenantry.stripe_requests as r where r.id = p_id;
    if not found then
        perform tenantry.fail_not_found('stripe_request', p_id::text);
    end if;
    v_answer := case
        when p_status between 200 and 299 then p_body
        -- The answer contains a payment that was declined.
        when p_status between 400 and 499 and p_status not in (409, 429) then v_error -> 'payment_intent'
    end;
    if jsonb_typeof(v_answer) = 'object' then
        -- The Stripe lock comes before the account's, as in every function that mirrors an object.
        perform tenantry.lock_stripe(tenantry.find_stripe_customer(
            case when v_request.operation = 'read_invoice_lines'
                then jsonb_build_object('id', split_part(v_request.path, '/', 4)) else v_answer end));
    end if;
    if v_request.organization_id is not null then
        -- The account's lock comes before the request's: a consumption holds it when it requests a top-up.
        perform tenantry.lock_account(v_request.organization_id);
    end if;
    select * into v_request from tenantry.stripe_requests as r where r.id = p_id for update;
    if v_request.state <> 'pending' then
        return tenantry.present_stripe_request(v_request);
    end if;
    v_version := case when p_is_replay then v_request.created_at else p_answered_at end;

    if p_status between 200 and 299 then
        v_unpaid := case
            when p_body ->> 'object' = 'subscription' and jsonb_typeof(p_body -> 'pending_update') = 'object'
                then p_body -> 'latest_invoice'
        end;
        update tenantry.stripe_requests as r
        set state = 'succeeded',
            stripe_id = p_body ->> 'id',
            url = case
                when p_body ->> 'object' like '%.session' then p_body ->> 'url' else v_unpaid ->> 'hosted_invoice_url'
            end,
            error_type = case when v_unpaid is not null then 'payment_incomplete' end,
            error_message = case when v_unpaid is not null then 'Stripe waits for the payment of the invoice' end,
            finished_at = tenantry.clock()
        where r.id = p_id;
    elsif p_status between 400 and 499 and p_status not in (409, 429) then
        perform tenantry.mark_stripe_request_failed(
            v_request,
            case when p_status in (401, 403) then 'authentication_error' else v_error ->> 'type' end,
            coalesce(v_error ->> 'decline_code', v_error ->> 'code'),
            v_error ->> 'message');
    else
        perform tenantry.postpone_stripe_request(
            p_id,
            coalesce(v_error ->> 'code', p_status::text),
            coalesce(v_error ->> 'message', 'Stripe did not answer'));
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
            -- Stripe has carried the request out. The request keeps the error that prevented its application here.
            update tenantry.stripe_requests as r
            set error_type = 'not_applied', error_code = sqlstate, error_message = sqlerrm
            where r.id = p_id and r.state = 'succeeded';
    end;
    select * into v_request from tenantry.stripe_requests as r where r.id = p_id;
    return tenantry.present_stripe_request(v_request);
end
$$;

comment on function tenantry.finish_stripe_request(uuid, integer, jsonb, timestamptz, boolean) is
    'Records Stripe''s answer to a request, or that none came. Raises TN002, 42501.';
revoke all on function tenantry.finish_stripe_request from public, anon, authenticated, service_role;
grant execute on function tenantry.finish_stripe_request to service_role;
