-- Checks that a Stripe price belongs to one plan or one credit product. If it belonged to both, an invoice with that
-- price would not say which of them was bought. A unique constraint covers each table.
--
-- The function is a definer function, because it must see every row.
--
-- Locks: all prices, by a row of a private table, against concurrent writes to the other table. Any login could hold an
-- advisory lock.
-- Raises: TN034.
create or replace function tenantry.require_unique_stripe_price() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_holder text;
begin
    if tg_op = 'UPDATE' and new.stripe_price_id is not distinct from old.stripe_price_id then
        return new;
    end if;
    insert into tenantry.locks (name) values ('stripe price') on conflict do nothing;
    perform from tenantry.locks as l where l.name = 'stripe price' for update;
    select i.kind || 's' into v_holder
    from tenantry.catalog_items as i
    where i.stripe_price_id = new.stripe_price_id and i.kind || 's' <> tg_table_name;
    if found then
        perform tenantry.fail(
            'TN034', 'stripe_price_id is taken already, by one of the ' || replace(v_holder, '_', ' '),
            jsonb_build_object('field', 'stripe_price_id', 'resource', v_holder));
    end if;
    return new;
end
$$;

comment on function tenantry.require_unique_stripe_price() is
    'Trigger: raises TN034 if both a plan and a credit product would have the price at Stripe.';
revoke all on function tenantry.require_unique_stripe_price from public, anon, authenticated, service_role;

create or replace trigger require_unique_stripe_price
    before insert or update of stripe_price_id on public.subscription_plans
for each row execute function tenantry.require_unique_stripe_price();

create or replace trigger require_unique_stripe_price
    before insert or update of stripe_price_id on public.credit_products
for each row execute function tenantry.require_unique_stripe_price();
