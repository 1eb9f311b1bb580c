-- Finds the organization that owns a Stripe object, and the customers of the object. Returns nulls if no organization
-- is known.
--
-- The customer of the object, of its payment or of its subscription decides. If no customer is known, the
-- organization's id decides, which the metadata of every object from here carries. The function ignores
-- client_reference_id, because the payer can set it.
--
-- customers: the customers to which the object belongs.
create or replace function tenantry.find_stripe_organization(
    p_id text,
    out organization_id uuid,
    out customers text[]
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_ids text[] := tenantry.payment_object_ids(p_id);
begin
    select v_ids || coalesce(array_agg(distinct o.subscription), '{}') into v_ids
    from tenantry.stripe_objects as o
    where o.id = any (v_ids) and o.subscription is not null;

    select coalesce(array_agg(distinct found.customer), '{}') into customers
    from (
        select coalesce(o.customer, case when o.object = 'customer' then o.id end) as customer
        from tenantry.stripe_objects as o
        where o.id = any (v_ids)
    ) as found
    where found.customer is not null;

    select c.organization_id into organization_id
    from tenantry.stripe_customers as c
    where c.stripe_customer_id = any (customers)
    order by c.created_at, c.stripe_customer_id
    limit 1;
    if not found then
        select t.id into organization_id
        from tenantry.stripe_objects as o
        cross join lateral (
            values (o.data #>> '{metadata,tenantry_organization_id}'),
                (o.data #>> '{parent,subscription_details,metadata,tenantry_organization_id}'),
                (o.data #>> '{subscription_details,metadata,tenantry_organization_id}')
        ) as named (organization)
        join public.organizations as t
            on t.id = case when tenantry.is_uuid(named.organization) then named.organization::uuid end
        where o.id = any (v_ids || customers)
        order by o.id
        limit 1;
    end if;
end
$$;

comment on function tenantry.find_stripe_organization(text) is
    'The organization that owns an object at Stripe, null if unknown, and the customers of the object.';
revoke all on function tenantry.find_stripe_organization from public, anon, authenticated, service_role;
