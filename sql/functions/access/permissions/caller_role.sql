-- The role that calls: the one that was set for this transaction, or else the one that logged in.
-- Within a definer function current_user is the function's owner; the setting still names the caller, and
-- nobody can set it to a role that they may not become.
create or replace function tenantry.caller_role() returns text
language sql stable
return coalesce(nullif(current_setting('role'), 'none'), session_user);

comment on function tenantry.caller_role() is 'Name of the role that calls, also within a definer function.';
revoke all on function tenantry.caller_role from public, anon, authenticated, service_role;
grant execute on function tenantry.caller_role to anon, authenticated, service_role;
