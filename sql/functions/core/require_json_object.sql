-- Checks that a JSON argument is an object; null passes.
--
-- Raises: TN001.
create or replace function tenantry.require_json_object(p_field text, p_value jsonb) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if jsonb_typeof(p_value) <> 'object' then
        perform tenantry.fail_invalid(p_field, 'must be a JSON object');
    end if;
end
$$;

comment on function tenantry.require_json_object(text, jsonb) is
    'Raises TN001 unless the JSON argument is an object or null.';
revoke all on function tenantry.require_json_object from public, anon, authenticated, service_role;
