-- Returns one request to Stripe with its outcome.
--
-- Raises: TN001, TN002, 42501.
-- Callers: holders of billing:read in the organization of the request; holders of platform:stripe for any request.
create or replace function tenantry.get_stripe_request(
    p_organization_id uuid,
    p_stripe_request_id uuid
) returns public.stripe_request
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_request tenantry.stripe_requests;
begin
    if p_stripe_request_id is null then
        perform tenantry.fail_invalid('stripe_request_id', 'is required');
    end if;
    perform tenantry.authorize(
        case when p_organization_id is null then 'platform:stripe' else 'billing:read' end, p_organization_id);
    select * into v_request
    from tenantry.stripe_requests as r
    where r.id = p_stripe_request_id and (p_organization_id is null or r.organization_id = p_organization_id);
    if not found then
        perform tenantry.fail_not_found('stripe_request', p_stripe_request_id::text);
    end if;
    return tenantry.present_stripe_request(v_request);
end
$$;

comment on function tenantry.get_stripe_request(uuid, uuid) is
    'Checks billing:read or platform:stripe, and returns the request.';
revoke all on function tenantry.get_stripe_request from public, anon, authenticated, service_role;
grant execute on function tenantry.get_stripe_request to authenticated, service_role;

create or replace function public.get_stripe_request(
    organization_id uuid default null,
    stripe_request_id uuid default null
) returns public.stripe_request
language sql stable
return tenantry.get_stripe_request(organization_id, stripe_request_id);

comment on function public.get_stripe_request(uuid, uuid) is
    'A request to Stripe: pending, succeeded or failed, with its outcome. organization_id: its organization; without'
    ' it the caller needs platform:stripe. Only holders of billing:manage see url. Raises TN001, TN002, 42501.';
revoke all on function public.get_stripe_request from public, anon, authenticated, service_role;
grant execute on function public.get_stripe_request to authenticated, service_role;
