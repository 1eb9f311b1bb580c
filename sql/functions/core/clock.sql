-- Returns the time of the ledger. Every function that compares or stamps a time calls this function.
--
-- A test moves time when it replaces this one function, which takes the function's owner. No setting moves time,
-- because a caller could change a setting.
create or replace function tenantry.clock() returns timestamptz
language sql volatile
return pg_catalog.clock_timestamp();

comment on function tenantry.clock() is 'The present time; it moves on within a transaction.';
revoke all on function tenantry.clock from public, anon, authenticated, service_role;
grant execute on function tenantry.clock to authenticated, service_role;
