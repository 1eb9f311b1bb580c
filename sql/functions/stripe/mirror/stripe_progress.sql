-- Returns the progress of an object through its life, from its content. Between two states of the same second, the one
-- with more progress is newer. Stripe's timestamps count seconds, and much happens in one: a subscription is created as
-- incomplete and becomes active. last_stripe_state() compares them.
create or replace function tenantry.stripe_progress(p_object jsonb) returns bigint
language sql immutable
return case
    when p_object -> 'deleted' = 'true' then 9000000000000
    else coalesce(case p_object ->> 'object'
        when 'subscription' then case
            when p_object ->> 'status' in ('canceled', 'incomplete_expired') then 8000000000000
            -- A later period is newer with any status, because the status can go back and forth.
            else coalesce(
                p_object ->> 'current_period_start', p_object #>> '{items,data,0,current_period_start}')::bigint * 10
                + array_position('{incomplete,trialing,active,past_due,unpaid,paused}', p_object ->> 'status')
        end
        when 'invoice' then
            1000 * array_position('{draft,open,uncollectible,paid,void}', p_object ->> 'status')
            + coalesce((p_object ->> 'attempt_count')::bigint, 0)
        when 'invoice_payment' then array_position('{open,paid,canceled}', p_object ->> 'status')
        when 'checkout.session' then
            10 * array_position('{open,expired,complete}', p_object ->> 'status')
            + array_position('{unpaid,no_payment_required,paid}', p_object ->> 'payment_status')
        when 'payment_intent' then
            10 * array_position(
                '{requires_payment_method,requires_confirmation,requires_action,processing,requires_capture,canceled,'
                'succeeded}',
                p_object ->> 'status')
            + case when p_object ->> 'last_payment_error' is null then 0 else 1 end
        when 'charge' then
            array_position('{pending,failed,succeeded}', p_object ->> 'status')
            + 10 * coalesce((p_object ->> 'amount_refunded')::bigint, 0)
            + case when p_object -> 'disputed' = 'true' then 5 else 0 end
        when 'refund' then array_position('{pending,requires_action,succeeded,failed,canceled}', p_object ->> 'status')
        when 'credit_note' then array_position('{issued,void}', p_object ->> 'status')
        when 'dispute' then array_position(
            '{warning_needs_response,warning_under_review,warning_closed,needs_response,under_review,lost,'
            'appeal_needs_response,appeal_under_review,prevented,won}', p_object ->> 'status')
        else (p_object ->> 'updated')::bigint
    end, 0)
end;

comment on function tenantry.stripe_progress(jsonb) is
    'The progress of an object through its life: of two states of the same second, the higher one is newer.';
revoke all on function tenantry.stripe_progress from public, anon, authenticated, service_role;
