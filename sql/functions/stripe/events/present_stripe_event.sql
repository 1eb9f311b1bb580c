-- Returns an event in the form that callers see.
create or replace function tenantry.present_stripe_event(p_event tenantry.stripe_events) returns public.stripe_event
language sql immutable
return row(
    p_event.id, p_event.type, p_event.created, p_event.state, p_event.organization_id, p_event.error_code,
    p_event.error_message, p_event.attempts, p_event.received_at, p_event.processed_at)::public.stripe_event;

comment on function tenantry.present_stripe_event(tenantry.stripe_events) is 'An event in the form that callers see.';
revoke all on function tenantry.present_stripe_event from public, anon, authenticated, service_role;
