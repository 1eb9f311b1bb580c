-- Returns whether a text is a UUID in its usual form: 32 hexadecimal digits and four hyphens. Returns null for null.
--
-- A function asks before it casts, because a cast raises 22P02 for another text and also accepts other forms of a
-- UUID.
-- This function pins no search_path, so that the planner makes it part of the expression that calls it.
--
-- Callers: signed-in users and the service role too, because functions that run as the caller use it.
create or replace function tenantry.is_uuid(p_text text) returns boolean
language sql immutable
return p_text ~ '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$';

comment on function tenantry.is_uuid(text) is 'Whether the text is a UUID: 32 hexadecimal digits and four hyphens.';
revoke all on function tenantry.is_uuid from public, anon, authenticated, service_role;
grant execute on function tenantry.is_uuid to authenticated, service_role;
