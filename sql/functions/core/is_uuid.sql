-- Returns whether a text is a UUID in its usual form of 32 hexadecimal digits and four hyphens; null for null.
--
-- A caller asks before it casts: a cast of another text raises 22P02, and a cast also takes forms that no id has here.
-- The function pins no search_path, so that the planner makes it part of the expression that calls it.
--
-- Callers: signed-in users and the service role, as functions that run as the caller use it.
create or replace function tenantry.is_uuid(p_text text) returns boolean
language sql immutable
return p_text ~ '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$';

comment on function tenantry.is_uuid(text) is 'Whether the text is a UUID: 32 hexadecimal digits and four hyphens.';
revoke all on function tenantry.is_uuid from public, anon, authenticated, service_role;
grant execute on function tenantry.is_uuid to authenticated, service_role;
