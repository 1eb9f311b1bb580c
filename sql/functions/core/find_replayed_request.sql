-- Returns the id of the object that a request_id made before; null if the request_id is new or null.
--
-- It serves all operations that take a request_id, except consumptions: they keep their request_ids on their ledger
-- entries, and find_replayed_entry() looks there. An operation that makes an object records it with record_request().
--
-- p_operation: the name of the function that was called.
-- p_arguments: as for fingerprint_request().
-- Locks: nothing. A caller that holds the account's lock can rely on a null: no other call can record the request_id.
-- Raises: TN011 if the request_id came with another operation or other arguments.
create or replace function tenantry.find_replayed_request(
    p_organization_id uuid,
    p_request_id text,
    p_operation text,
    p_arguments jsonb
) returns uuid
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_request tenantry.requests;
begin
    if p_request_id is null then
        return null;
    end if;
    select * into v_request
    from tenantry.requests as r
    where r.organization_id = p_organization_id and r.request_id = p_request_id;
    if not found then
        return null;
    end if;
    if v_request.operation <> p_operation
        or v_request.fingerprint <> tenantry.fingerprint_request(p_arguments) then
        perform tenantry.fail_request_id_reused(p_request_id, p_organization_id);
    end if;
    return v_request.result_id;
end
$$;

comment on function tenantry.find_replayed_request(uuid, text, text, jsonb) is
    'Returns the id of the object that the request_id made before, or null. Raises TN011 for another request.';
revoke all on function tenantry.find_replayed_request from public, anon, authenticated, service_role;
