-- Returns the database role that calls: the role that the transaction has set, or else the role that logged in.
--
-- In a definer function, current_user is the owner of the function. The setting `role` still names the caller. A
-- session can only set a role that it may become, so the setting can be trusted.
create or replace function tenantry.caller_role() returns text
language sql stable
return coalesce(nullif(current_setting('role'), 'none'), session_user);

comment on function tenantry.caller_role() is 'Name of the database role that calls, also within a definer function.';
revoke all on function tenantry.caller_role from public, anon, authenticated, service_role;
grant execute on function tenantry.caller_role to anon, authenticated, service_role;
