-- Carries out the steps that follow a request that succeeded.
--
-- - ensure_customer: links the customer to the organization, and releases the requests that wait for it.
-- - sync_product, sync_price: sets the id of the plan or credit product, and requests its next difference from Stripe.
-- - pull_catalog: requests the next page of the list.
--
-- Locks: none of its own. The caller holds the lock of the organization's row, if there is one, and of the request, and
-- has mirrored the answer.
create or replace function tenantry.follow_up_stripe_request(
    p_request tenantry.stripe_requests,
    p_body jsonb
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_request.operation = 'ensure_customer' then
        perform tenantry.link_stripe_customer(p_body ->> 'id', p_request.organization_id);
        update tenantry.stripe_requests as r
        set params = jsonb_set(r.params, '{customer}', p_body -> 'id')
        where r.state = 'pending'
          and r.organization_id = p_request.organization_id
          and tenantry.is_waiting_for_customer(r.params);
    elsif p_request.operation in ('sync_product', 'sync_price') then
        if p_request.path in ('/v1/products', '/v1/prices') then
            perform tenantry.set_stripe_id(
                p_request.subject_id, p_body ->> 'id', p_request.operation = 'sync_price');
        end if;
        perform tenantry.push_catalog_item(p_request.subject_id, p_request);
    elsif p_request.operation = 'pull_catalog' and (p_body ->> 'has_more')::boolean then
        perform tenantry.create_stripe_request(
            'pull_catalog', null, null, 'get', p_request.path,
            p_request.params || jsonb_build_object('starting_after', p_body #>> '{data,-1,id}'));
    end if;
end
$$;

comment on function tenantry.follow_up_stripe_request(tenantry.stripe_requests, jsonb) is
    'Carries out the steps that follow a request to Stripe that succeeded.';
revoke all on function tenantry.follow_up_stripe_request from public, anon, authenticated, service_role;
