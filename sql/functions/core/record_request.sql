-- Records the object that a request_id made. See find_replayed_request(). Does nothing for a null request_id.
--
-- p_operation, p_arguments: as for find_replayed_request(). p_result_id: id of the object.
-- Returns false, and records nothing, if another call recorded the request_id first. That cannot happen to a caller
-- that called find_replayed_request() under the account's lock.
-- Locks: the request_id. The caller holds the account's lock.
-- Raises: constraint violations only.
create or replace function tenantry.record_request(
    p_organization_id uuid,
    p_request_id text,
    p_operation text,
    p_arguments jsonb,
    p_result_id uuid
) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_request_id is null then
        return true;
    end if;
    insert into tenantry.requests (organization_id, request_id, operation, fingerprint, result_id, created_at)
    values (
        p_organization_id, p_request_id, p_operation, tenantry.fingerprint_request(p_arguments), p_result_id,
        tenantry.clock()
    )
    on conflict (organization_id, request_id) do nothing;
    return found;
end
$$;

comment on function tenantry.record_request(uuid, text, text, jsonb, uuid) is
    'Records the object that a request_id made. Returns false if another call recorded the request_id first.';
revoke all on function tenantry.record_request from public, anon, authenticated, service_role;
