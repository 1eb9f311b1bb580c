-- Processes the events again that named a price or product at Stripe before a plan or credit product had it.
--
-- Locks: the Stripe lock of all customers, then as apply_stripe_object() for each event.
-- Raises: nothing of its own. Errors stay with the events.
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
          -- If the customer is unknown, a known price does not help.
          and (e.organization_id is not null or e.payload #>> '{data,object,object}' in ('product', 'price'))
          and tenantry.referenced_prices(e.payload #> '{data,object}')
              && array[new.stripe_price_id, new.stripe_product_id]::text[]
        order by e.created, e.id
    loop
        perform tenantry.lock_stripe(null);
        perform tenantry.process_stored_event(v_id);
    end loop;
    return null;
end
$$;

comment on function tenantry.retry_unmatched_events() is
    'Trigger: processes the events again that named a price before a plan or product had it.';
revoke all on function tenantry.retry_unmatched_events from public, anon, authenticated, service_role;

create or replace trigger retry_unmatched_events
after insert or update of stripe_price_id, stripe_product_id on public.subscription_plans
for each row execute function tenantry.retry_unmatched_events();
create or replace trigger retry_unmatched_events
after insert or update of stripe_price_id, stripe_product_id on public.credit_products
for each row execute function tenantry.retry_unmatched_events();
