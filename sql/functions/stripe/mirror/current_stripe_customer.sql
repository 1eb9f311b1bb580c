-- Returns the customer at Stripe with which an organization pays: its first one that is not deleted there. Null for
-- none.
create or replace function tenantry.current_stripe_customer(p_organization_id uuid) returns text
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select c.stripe_customer_id::text
    from tenantry.stripe_customers as c
    left join tenantry.stripe_objects as o on o.id = c.stripe_customer_id
    where c.organization_id = p_organization_id
      and (o.data ->> 'deleted')::boolean is not true
    order by c.created_at, c.stripe_customer_id
    limit 1;
end;

comment on function tenantry.current_stripe_customer(uuid) is
    'The customer at Stripe with which the organization pays; null for none.';
revoke all on function tenantry.current_stripe_customer from public, anon, authenticated, service_role;
