-- Creates the request that removes the next difference between a plan or credit product and Stripe. Each answer leads
-- to the next request, until nothing differs. Returns the request; null for none.
--
-- p_answered: the request that was just answered, if any. The same request is not made again, in case its answer
-- removed no difference.
create or replace function tenantry.push_catalog_item(
    p_id uuid,
    p_answered tenantry.stripe_requests default null
) returns tenantry.stripe_requests
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_next record;
begin
    select * into v_next from tenantry.next_catalog_request(p_id);
    if v_next.path is null
        or (v_next.method, v_next.path, v_next.params) = (p_answered.method, p_answered.path, p_answered.params) then
        return null;
    end if;
    return tenantry.create_stripe_request(v_next.operation, null, p_id, v_next.method, v_next.path, v_next.params);
end
$$;

comment on function tenantry.push_catalog_item(uuid, tenantry.stripe_requests) is
    'Creates the request for the next difference between a plan or credit product and Stripe; null for none.';
revoke all on function tenantry.push_catalog_item from public, anon, authenticated, service_role;
