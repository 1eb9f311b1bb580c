-- Asks Stripe for the next thing in which a plan or credit product differs there from here. When it is answered, this
-- is asked again, until nothing differs.
--
-- p_answered: the request that was answered just now, if any: it is not made again at once, should its answer have made
-- no difference. Returns the request; null when nothing is to be asked for.
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
    'Asks Stripe for the next thing in which a plan or credit product differs there; null when nothing does.';
revoke all on function tenantry.push_catalog_item from public, anon, authenticated, service_role;
