-- Returns a request to Stripe in the form that callers see. It leaves out the parameters. It leaves out the url unless
-- the caller holds billing:manage, because any user who has the address of a page can pay there.
create or replace function tenantry.present_stripe_request(
    p_request tenantry.stripe_requests
) returns public.stripe_request
language sql stable
set search_path = pg_catalog, pg_temp
return row(
    p_request.id, p_request.organization_id, p_request.operation, p_request.subject_id, p_request.state,
    p_request.attempts, p_request.stripe_id,
    case
        when p_request.url is not null and tenantry.is_authorized('billing:manage', p_request.organization_id)
            then p_request.url
    end,
    p_request.error_type, p_request.error_code, p_request.error_message, p_request.created_at,
    p_request.finished_at)::public.stripe_request;

comment on function tenantry.present_stripe_request(tenantry.stripe_requests) is
    'A request to Stripe in the form that callers see.';
revoke all on function tenantry.present_stripe_request from public, anon, authenticated, service_role;
