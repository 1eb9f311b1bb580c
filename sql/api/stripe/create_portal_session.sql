-- Requests a page at Stripe on which the organization sees its invoices and changes its payment method.
--
-- Raises: TN001, TN002, TN047, 42501.
-- Callers: holders of billing:manage in the organization.
create or replace function tenantry.create_portal_session(
    p_organization_id uuid,
    p_return_url text
) returns public.stripe_request
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.authorize_billing(p_organization_id);
    perform tenantry.require_url('return_url', p_return_url);
    return tenantry.present_stripe_request(tenantry.create_session_request(
        'create_portal_session', p_organization_id, null, '/v1/billing_portal/sessions',
        jsonb_build_object('return_url', p_return_url)));
end
$$;

comment on function tenantry.create_portal_session(uuid, text) is
    'Checks billing:manage and the address, and creates the request for the page.';
revoke all on function tenantry.create_portal_session from public, anon, authenticated, service_role;
grant execute on function tenantry.create_portal_session to authenticated, service_role;

create or replace function public.create_portal_session(
    organization_id uuid default null,
    return_url text default null
) returns public.stripe_request
language sql volatile
return tenantry.create_portal_session(organization_id, return_url);

comment on function public.create_portal_session(uuid, text) is
    'Requests a page at Stripe on which the organization sees its invoices and changes its payment method. return_url:'
    ' the address to which the page leads back. Returns the request, whose url is the page once it has succeeded: see'
    ' get_stripe_request. Raises TN001, TN002, TN047, 42501.';
revoke all on function public.create_portal_session from public, anon, authenticated, service_role;
grant execute on function public.create_portal_session to authenticated, service_role;
