-- Puts the news from Stripe in order, until the end of the transaction. Two objects of one payment can arrive at the
-- same time while no transaction knows yet to which organization they belong. Without the lock each would be stored
-- without the other.
--
-- The lock is a row of a private table. Any login can take an advisory lock whose key it knows, and pg_locks shows
-- every key that is held.
--
-- Locks: the row. It comes before the lock of any account.
create or replace function tenantry.lock_stripe() returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform from tenantry.locks as l where l.name = 'stripe' for update;
    if not found then
        -- A restore of the schema alone brings no row.
        insert into tenantry.locks (name) values ('stripe') on conflict do nothing;
        perform from tenantry.locks as l where l.name = 'stripe' for update;
    end if;
end
$$;

comment on function tenantry.lock_stripe() is
    'Waits until nothing else from Stripe is being processed, and keeps it so.';
revoke all on function tenantry.lock_stripe from public, anon, authenticated, service_role;
