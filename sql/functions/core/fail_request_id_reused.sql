-- Raises TN011: an earlier call used the request_id with another operation or other arguments.
create or replace function tenantry.fail_request_id_reused(p_request_id text, p_organization_id uuid) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.fail(
        'TN011', 'request_id was used before with other arguments',
        jsonb_build_object('field', 'request_id', 'request_id', p_request_id, 'organization_id', p_organization_id),
        'Repeat the first call''s arguments exactly, or use a new request_id.');
end
$$;

comment on function tenantry.fail_request_id_reused(text, uuid) is
    'Raises TN011: an earlier call used the request_id with other arguments.';
revoke all on function tenantry.fail_request_id_reused from public, anon, authenticated, service_role;
