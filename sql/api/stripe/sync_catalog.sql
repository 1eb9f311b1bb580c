-- Synchronizes plans and credit products with products and prices at Stripe. push changes Stripe, pull changes the
-- catalog here.
--
-- Raises: TN001, 42501.
-- Callers: holders of platform:stripe.
create or replace function tenantry.sync_catalog(
    p_direction text,
    out stripe_requests public.stripe_request[]
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.authorize('platform:stripe');
    if p_direction = 'push' then
        select coalesce(array_agg(tenantry.present_stripe_request(x.request)), '{}') into stripe_requests
        from (
            select tenantry.push_catalog_item(item.id) as request
            from tenantry.catalog_items as item
            order by item.created_at, item.id
        ) as x
        where (x.request).id is not null;
    elsif p_direction = 'pull' then
        stripe_requests := array[tenantry.present_stripe_request(tenantry.create_stripe_request(
            'pull_catalog', null, null, 'get', '/v1/prices',
            -- Archived prices, too: their items are not sold any more.
            '{"limit": 100, "expand": ["data.product"]}'))];
    else
        perform tenantry.fail_invalid('direction', 'must be push or pull');
    end if;
end
$$;

comment on function tenantry.sync_catalog(text) is
    'Checks platform:stripe, and creates the first requests of the synchronization.';
revoke all on function tenantry.sync_catalog from public, anon, authenticated, service_role;
grant execute on function tenantry.sync_catalog to authenticated, service_role;

create or replace function public.sync_catalog(
    direction text default null,
    out stripe_requests public.stripe_request[]
)
language sql volatile
begin atomic
    select tenantry.sync_catalog(direction);
end;

comment on function public.sync_catalog(text) is
    'Synchronizes plans and credit products with Stripe. direction: push makes the products and prices at Stripe match'
    ' the catalog (another amount makes a new price and archives the old one); pull takes over the prices at Stripe.'
    ' Returns the first request for each item; later requests follow from the answers. Raises TN001, 42501.';
revoke all on function public.sync_catalog from public, anon, authenticated, service_role;
grant execute on function public.sync_catalog to authenticated, service_role;
