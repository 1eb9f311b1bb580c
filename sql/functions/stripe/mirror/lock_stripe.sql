-- Puts what comes from Stripe in a row, until the end of the transaction. Two objects of one payment that arrive at the
-- same time, neither yet known to belong to an organization, would otherwise each be filed without seeing the other.
-- It comes before any account's lock.
create or replace function tenantry.lock_stripe() returns void
language sql volatile
return pg_advisory_xact_lock(hashtextextended('tenantry.stripe_objects', 0));

comment on function tenantry.lock_stripe() is
    'Waits until nothing else from Stripe is being processed, and keeps it so.';
revoke all on function tenantry.lock_stripe from public, anon, authenticated, service_role;
