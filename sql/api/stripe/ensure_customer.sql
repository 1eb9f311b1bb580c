-- Requests the organization's customer at Stripe: Stripe creates it, or updates its name and email.
--
-- Raises: TN001, TN002, TN047, 42501.
-- Callers: holders of billing:manage in the organization.
create or replace function tenantry.ensure_customer(
    p_organization_id uuid,
    p_email text
) returns public.stripe_request
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.authorize_billing(p_organization_id);
    perform tenantry.require_email('email', p_email);
    return tenantry.present_stripe_request(tenantry.create_customer_request(p_organization_id, p_email));
end
$$;

comment on function tenantry.ensure_customer(uuid, text) is
    'Checks billing:manage and the email, and creates the request for the customer.';
revoke all on function tenantry.ensure_customer from public, anon, authenticated, service_role;
grant execute on function tenantry.ensure_customer to authenticated, service_role;

create or replace function public.ensure_customer(
    organization_id uuid default null,
    email text default null
) returns public.stripe_request
language sql volatile
return tenantry.ensure_customer(organization_id, email);

comment on function public.ensure_customer(uuid, text) is
    'Requests that Stripe creates or updates the organization''s customer. email: the address for receipts. Returns'
    ' the request, whose stripe_id is the customer once it has succeeded: see get_stripe_request. Raises TN001, TN002,'
    ' TN047, 42501.';
revoke all on function public.ensure_customer from public, anon, authenticated, service_role;
grant execute on function public.ensure_customer to authenticated, service_role;
