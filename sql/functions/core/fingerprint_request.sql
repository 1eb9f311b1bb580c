-- Returns the fingerprint of a request: the SHA-256 of its arguments.
--
-- p_arguments: an object with the arguments, defaults filled in. Times and intervals in it are seconds (extract epoch):
-- their text would depend on settings of the session.
-- Callers: find_replayed_request() and record_request().
create or replace function tenantry.fingerprint_request(p_arguments jsonb) returns bytea
language sql stable
return sha256(convert_to(p_arguments::text, 'UTF8'));

comment on function tenantry.fingerprint_request(jsonb) is 'Returns the SHA-256 of the arguments of a request.';
revoke all on function tenantry.fingerprint_request from public, anon, authenticated, service_role;
