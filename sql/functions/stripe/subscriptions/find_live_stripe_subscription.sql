-- Returns the id of the subscription at Stripe that counts for an organization: the newest of those that are live and
-- have a plan. Returns null if there is none.
--
-- p_at: the time at which it is live.
create or replace function tenantry.find_live_stripe_subscription(
    p_organization_id uuid,
    p_at timestamptz
) returns varchar(255)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select o.id
    from tenantry.stripe_objects as o
    join tenantry.stripe_customers as c on c.stripe_customer_id = o.customer
    cross join lateral tenantry.build_stripe_subscription(o, p_at) as built
    where c.organization_id = p_organization_id and o.object = 'subscription'
      and built.ended_at is null and built.status is not null and built.subscription_plan_id is not null
    order by (o.data ->> 'created')::bigint desc, o.id desc
    limit 1
$$;

comment on function tenantry.find_live_stripe_subscription(uuid, timestamptz) is
    'Returns the id of the subscription at Stripe that counts for the organization, or null.';
revoke all on function tenantry.find_live_stripe_subscription from public, anon, authenticated, service_role;
