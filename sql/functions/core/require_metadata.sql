-- Checks that metadata is a JSON object of a bounded size; null passes.
--
-- Raises: TN001.
create or replace function tenantry.require_metadata(p_metadata jsonb) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.require_json_object('metadata', p_metadata);
    -- The text of a stored byte has at most six, as \u0001. So a small value needs no text.
    if pg_column_size(p_metadata) > 512 then
        perform tenantry.require_bounded('metadata', p_metadata::text, 'max_metadata_bytes');
    end if;
end
$$;

comment on function tenantry.require_metadata(jsonb) is
    'Raises TN001 unless the metadata is a JSON object of a bounded size, or null.';
revoke all on function tenantry.require_metadata from public, anon, authenticated, service_role;
