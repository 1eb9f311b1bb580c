-- Returns the fields that an update sets, each with its new value (AIP-134).
--
-- A field mask names these fields. Without a mask they are the fields that have a value. The mask '*' means all
-- fields.
-- The caller lays the answer over the old row: jsonb_populate_record(v_old, v_changes). A JSON null clears a field.
--
-- p_mask: names of fields; null or empty for no mask.
-- p_values: every field that can be updated, with its new value or null.
--
-- Raises: TN001 for a name that is not a field of p_values, and for an update that sets no field.
create or replace function tenantry.masked_values(p_mask text[], p_values jsonb) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_path text;
    v_changes jsonb;
begin
    if p_mask = array['*'] then
        return p_values;
    elsif cardinality(p_mask) > 0 then
        foreach v_path in array p_mask loop
            if (p_values ? v_path) is not true then
                perform tenantry.fail_invalid('update_mask', format('"%s" is not a field that can be updated', v_path));
            end if;
        end loop;
        return (select jsonb_object_agg(path, p_values -> path) from unnest(p_mask) as path);
    end if;
    v_changes := (select jsonb_object_agg(key, value) from jsonb_each(p_values) where value <> 'null');
    if v_changes is null then
        perform tenantry.fail_invalid('update_mask', 'nothing to update: name the fields, or give values');
    end if;
    return v_changes;
end
$$;

comment on function tenantry.masked_values(text[], jsonb) is
    'The fields that an update sets, with their new values. Raises TN001 for an unknown field and for no field.';
revoke all on function tenantry.masked_values from public, anon, authenticated, service_role;
