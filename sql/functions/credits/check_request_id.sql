-- Refuses an idempotency key that is empty or too long. Raises TN001.
create or replace function tenantry.check_request_id(p_request_id text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.check_text('request_id', p_request_id, 255, p_request_id is not null);
end
$$;

comment on function tenantry.check_request_id(text) is 'Raises TN001 for a blank request_id or one over 255 characters.';
revoke all on function tenantry.check_request_id from public;
