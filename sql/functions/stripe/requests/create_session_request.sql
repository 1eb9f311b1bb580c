-- Creates a request for a page at Stripe that an organization's customer opens. If the organization has no customer,
-- the customer is requested first, and the page waits for it.
--
-- p_email: the address for receipts of a new customer; null for none. p_params: the parameters by Stripe's names,
-- without the customer.
-- Raises: TN002, TN047.
create or replace function tenantry.create_session_request(
    p_operation text,
    p_organization_id uuid,
    p_email text,
    p_path text,
    p_params jsonb
) returns tenantry.stripe_requests
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_customer constant text := tenantry.current_stripe_customer(p_organization_id);
begin
    if v_customer is null then
        perform tenantry.create_customer_request(p_organization_id, p_email);
    end if;
    return tenantry.create_stripe_request(
        p_operation, p_organization_id, null, 'post', p_path,
        p_params || jsonb_build_object('customer', v_customer));
end
$$;

comment on function tenantry.create_session_request(text, uuid, text, text, jsonb) is
    'Creates a request for a page at Stripe, and a request for the customer if there is none. Raises TN002, TN047.';
revoke all on function tenantry.create_session_request from public, anon, authenticated, service_role;
