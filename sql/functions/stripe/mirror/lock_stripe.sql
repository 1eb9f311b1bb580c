-- Puts the news from Stripe about a customer in order, until the end of the transaction. Two objects of one payment can
-- arrive at the same time while no transaction knows yet to which organization they belong. Without the lock each would
-- be stored without the other.
--
-- News about different customers share no object, so they run at the same time. An object of an unknown customer can
-- belong to any of them, so it runs alone.
--
-- The locks are rows of a private table. Any login can take an advisory lock whose key it knows, and pg_locks shows
-- every key that is held.
--
-- p_customer: the customer, from find_stripe_customer(); null locks all customers.
-- Locks: the row `stripe`, shared for a customer, and then the row of the customer. Both come before the lock of any
-- account. A transaction with a customer's lock must not ask for another one, or for all.
create or replace function tenantry.lock_stripe(p_customer text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_customer constant text := 'stripe ' || p_customer;
begin
    -- A restore of the schema alone brings no row, and a customer has none at first.
    if not exists (select from tenantry.locks as l where l.name = 'stripe') then
        insert into tenantry.locks (name) values ('stripe') on conflict do nothing;
    end if;
    if v_customer is null then
        perform from tenantry.locks as l where l.name = 'stripe' for update;
        return;
    end if;
    perform from tenantry.locks as l where l.name = 'stripe' for share;
    if not exists (select from tenantry.locks as l where l.name = v_customer) then
        insert into tenantry.locks (name) values (v_customer) on conflict do nothing;
    end if;
    perform from tenantry.locks as l where l.name = v_customer for update;
end
$$;

comment on function tenantry.lock_stripe(text) is
    'Waits until nothing else from Stripe about a customer is being processed, and keeps it so; null: about anybody.';
revoke all on function tenantry.lock_stripe from public, anon, authenticated, service_role;
