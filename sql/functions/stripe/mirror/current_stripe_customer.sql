-- The customer at Stripe that an organization pays as: of those that it has, the first that is not deleted there.
-- Null for none.
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
    'The customer at Stripe that the organization pays as; null for none.';
revoke all on function tenantry.current_stripe_customer from public, anon, authenticated, service_role;
