-- Returns whether a request of this operation about a subscription has no answer yet. Its answer will change the
-- subscription, so the present row does not tell the state in which a further request finds it.
create or replace function tenantry.is_request_pending(
    p_subscription public.organization_subscriptions,
    p_operation text
) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select exists (
        select from tenantry.stripe_requests as r
        where r.organization_id = p_subscription.organization_id and r.operation = p_operation
          and r.subject_id = p_subscription.id and r.state = 'pending'
    );
end;

comment on function tenantry.is_request_pending(public.organization_subscriptions, text) is
    'Whether a request to Stripe about the subscription has no answer yet.';
revoke all on function tenantry.is_request_pending from public, anon, authenticated, service_role;
