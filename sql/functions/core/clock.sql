-- The time of the ledger. Everything that compares or stamps a time asks here, so that tests can replace this
-- one function (as its owner) and move time; there is deliberately no setting that a caller could use.
create or replace function tenantry.clock() returns timestamptz
language sql volatile
return pg_catalog.clock_timestamp();

comment on function tenantry.clock() is 'The present time, moving on within a transaction.';
revoke all on function tenantry.clock from public, anon, authenticated, service_role;
grant execute on function tenantry.clock to authenticated, service_role;
