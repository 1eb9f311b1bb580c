-- Creates a request for the organization's customer at Stripe. Stripe creates the customer, or updates its name and
-- email.
--
-- p_email: the address for receipts; null leaves it unchanged.
-- Raises: TN002, TN047.
create or replace function tenantry.create_customer_request(
    p_organization_id uuid,
    p_email text
) returns tenantry.stripe_requests
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_name text;
begin
    select o.name into v_name from public.organizations as o where o.id = p_organization_id;
    if not found then
        perform tenantry.fail_not_found('organization', p_organization_id::text);
    end if;
    return tenantry.create_stripe_request(
        'ensure_customer', p_organization_id, null, 'post',
        '/v1/customers' || coalesce('/' || tenantry.current_stripe_customer(p_organization_id), ''),
        jsonb_build_object(
            'name', v_name, 'email', p_email,
            'metadata', jsonb_build_object('tenantry_organization_id', p_organization_id)));
end
$$;

comment on function tenantry.create_customer_request(uuid, text) is
    'Creates a request that makes or updates the organization''s customer. Raises TN002, TN047.';
revoke all on function tenantry.create_customer_request from public, anon, authenticated, service_role;
