-- Whose an object of Stripe's is: by the customer that it, its payment or its subscription belongs to; or else by the
-- organization's id that everything made from here carries in its metadata. client_reference_id is not asked: whoever
-- pays can set it.
--
-- p_customers: the customers that the object belongs to. Null where nobody here is known by any of that.
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
    'The organization that an object of Stripe''s belongs to, null if unknown, and the customers that it belongs to.';
revoke all on function tenantry.find_stripe_organization from public, anon, authenticated, service_role;
