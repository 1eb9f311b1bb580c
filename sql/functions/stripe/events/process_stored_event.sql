-- Processes a stored event: mirrors its object, derives the rest, and records the outcome. If this fails, all of it is
-- undone, and the event keeps the error.
--
-- The type of the object decides whether an event counts. Any event with a newer state of such an object counts, except
-- invoice.upcoming, whose invoice does not exist yet.
--
-- An event of a connected account is ignored: its objects are those of another company, which can give them any
-- metadata. An event of the other mode is ignored, too, because its payments move no money here. error_message says so.
--
-- Locks: the Stripe lock of the object's customer, then the event, then as apply_stripe_object(). An event that is
-- ignored takes the event alone.
-- Raises: errors that a repetition of the whole call can resolve: of the classes 40 (deadlocks), 55 (locks), 53 (no
-- memory or space), 57 (a deadline or shutdown), 58 (a failure of the host) and 25 (a read-only database).
create or replace function tenantry.process_stored_event(p_id text) returns tenantry.stripe_events
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_event tenantry.stripe_events;
    v_object jsonb;
    -- The reason that the event is foreign.
    v_reason text;
    v_is_ignored boolean;
begin
    select * into v_event from tenantry.stripe_events as e where e.id = p_id;
    v_object := v_event.payload #> '{data,object}';
    v_reason := tenantry.foreign_event_reason(v_event);
    v_is_ignored := v_reason is not null
        or v_event.object_id is null
        or v_event.type = 'invoice.upcoming'
        -- A payment method that is detached names no customer any more.
        or v_object ->> 'object' = 'payment_method' and v_event.type <> 'payment_method.attached'
        or v_object ->> 'object' not in (
            'customer', 'subscription', 'checkout.session', 'invoice', 'invoice_payment',
            'payment_intent', 'payment_method', 'charge',
            'refund', 'credit_note', 'dispute', 'product', 'price');
    if not v_is_ignored then
        perform tenantry.lock_stripe(tenantry.find_stripe_customer(v_object));
    end if;
    select * into v_event from tenantry.stripe_events as e where e.id = p_id for no key update;
    v_event.attempts := v_event.attempts + 1;
    v_event.error_code := null;
    v_event.error_message := v_reason;
    begin
        if v_is_ignored then
            v_event.state := 'ignored';
        else
            if v_event.type like '%.deleted' then
                v_object := v_object || '{"deleted": true}';
            end if;
            v_event.organization_id := tenantry.apply_stripe_object(v_object, v_event.created, v_event.id);
            v_event.state := case
                -- The rest of the lines was requested. Its answer processes the event again.
                when v_event.organization_id is not null and exists (
                    select from tenantry.stripe_objects as o
                    where o.id = v_event.object_id and tenantry.has_unread_lines(o.data)
                ) then 'pending'
                when tenantry.has_unknown_stripe_price(v_object)
                    or v_event.organization_id is null and v_object ->> 'object' not in ('product', 'price')
                    then 'unmatched'
                else 'processed'
            end;
        end if;
        v_event.processed_at := tenantry.clock();
    exception
        when transaction_rollback or object_not_in_prerequisite_state or insufficient_resources
            or operator_intervention or system_error or invalid_transaction_state then
            raise;
        when others then
            v_event.state := 'failed';
            v_event.organization_id := null;
            v_event.processed_at := null;
            get stacked diagnostics
                v_event.error_code = returned_sqlstate,
                v_event.error_message = message_text;
    end;
    update tenantry.stripe_events as e
    set state = v_event.state, organization_id = v_event.organization_id, attempts = v_event.attempts,
        error_code = v_event.error_code, error_message = v_event.error_message, processed_at = v_event.processed_at
    where e.id = p_id;
    return v_event;
end
$$;

comment on function tenantry.process_stored_event(text) is
    'Processes a stored event and records its outcome; an error stays with the event.';
revoke all on function tenantry.process_stored_event from public, anon, authenticated, service_role;
