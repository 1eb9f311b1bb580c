-- Takes the Stripe lock until the end of the transaction, so that objects from Stripe are processed one after the
-- other. Without it, two objects of one payment that arrive at the same time could both miss the organization: neither
-- transaction would see the other object.
--
-- Locks: the Stripe lock, an advisory lock that comes before the lock of any account.
create or replace function tenantry.lock_stripe() returns void
language sql volatile
return pg_advisory_xact_lock(hashtextextended('tenantry.stripe_objects', 0));

comment on function tenantry.lock_stripe() is
    'Takes the lock under which objects from Stripe are processed, until the end of the transaction.';
revoke all on function tenantry.lock_stripe from public, anon, authenticated, service_role;
