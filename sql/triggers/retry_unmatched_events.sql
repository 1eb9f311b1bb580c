-- A trigger of the catalog: when a plan or credit product gets a price of Stripe's, what was heard of that price before
-- and could not be placed is taken up.
--
-- Locks: as apply_stripe_object(), of each organization concerned. Raises nothing of its own: errors stay with the
-- events.
create or replace function tenantry.retry_unmatched_events() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_id text;
begin
    for v_id in
        select e.id
        from tenantry.stripe_events as e
        where e.state = 'unmatched'
          -- Of a customer that nobody knows a price says nothing.
          and (e.organization_id is not null or e.payload #>> '{data,object,object}' in ('product', 'price'))
          and tenantry.referenced_prices(e.payload #> '{data,object}')
              && array[new.stripe_price_id, new.stripe_product_id]::text[]
        order by e.created, e.id
    loop
        perform tenantry.process_stored_event(v_id);
    end loop;
    return null;
end
$$;

comment on function tenantry.retry_unmatched_events() is
    'Trigger: takes up the events that spoke of a price before a plan or product had it.';
revoke all on function tenantry.retry_unmatched_events from public, anon, authenticated, service_role;

create or replace trigger retry_unmatched_events
after insert or update of stripe_price_id, stripe_product_id on public.subscription_plans
for each row execute function tenantry.retry_unmatched_events();
create or replace trigger retry_unmatched_events
after insert or update of stripe_price_id, stripe_product_id on public.credit_products
for each row execute function tenantry.retry_unmatched_events();
