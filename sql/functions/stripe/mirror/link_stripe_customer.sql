-- Links a customer at Stripe to an organization, and derives the state from all earlier objects of that customer. A
-- customer that is linked already stays with its organization.
--
-- Locks: as apply_stripe_object().
create or replace function tenantry.link_stripe_customer(p_customer text, p_organization_id uuid) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_id text;
    v_done text[] := '{}';
begin
    insert into tenantry.stripe_customers (stripe_customer_id, organization_id)
    values (p_customer, p_organization_id)
    on conflict (stripe_customer_id) do nothing;
    if not found then
        return;
    end if;
    for v_id in
        select p_customer
        union
        select o.id from tenantry.stripe_objects as o where o.customer = p_customer
        order by 1
    loop
        if v_id <> all (v_done) then
            perform tenantry.recompute_stripe_object(p_organization_id, v_id);
            v_done := v_done || tenantry.payment_object_ids(v_id);
        end if;
    end loop;
end
$$;

comment on function tenantry.link_stripe_customer(text, uuid) is
    'Links a customer at Stripe to an organization, unless it is linked, and derives the state from its objects.';
revoke all on function tenantry.link_stripe_customer from public, anon, authenticated, service_role;
