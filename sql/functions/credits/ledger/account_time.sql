-- Returns the present time of an account: the time of the clock, but never before the account's last entry.
--
-- A clock can step back, for example when another host takes over. Then time stands still in the account until the
-- clock has caught up. An earlier time would put credits into lots that are written off already.
--
-- p_account: the organization's row. A function that writes has locked it.
create or replace function tenantry.account_time(p_account public.organizations) returns timestamptz
language sql volatile
return greatest(tenantry.clock(), p_account.credits_entry_at);

comment on function tenantry.account_time(public.organizations) is
    'The present time of an account: that of the clock, but never before the last entry.';
revoke all on function tenantry.account_time from public, anon, authenticated, service_role;
