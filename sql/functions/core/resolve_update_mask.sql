-- Which fields an update sets (AIP-134): those that the mask names; without a mask, those that have a value;
-- with the mask '*', all.
--
-- p_mask: field names, null or empty for none. p_values: every updatable field with its new value.
-- Raises TN001 for a mask path that is not a field of p_values, and for an update of nothing.
create or replace function tenantry.resolve_update_mask(p_mask text[], p_values jsonb) returns text[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_path text;
    v_fields text[];
begin
    if p_mask = array['*'] then
        return array(select jsonb_object_keys(p_values));
    end if;
    if cardinality(p_mask) > 0 then
        foreach v_path in array p_mask loop
            if not p_values ? v_path then
                perform tenantry.fail_invalid('update_mask', format('"%s" is not a field that can be updated', v_path));
            end if;
        end loop;
        return p_mask;
    end if;
    v_fields := array(select key from jsonb_each(p_values) where value <> 'null');
    if cardinality(v_fields) = 0 then
        perform tenantry.fail_invalid('update_mask', 'nothing to update: name the fields, or give values');
    end if;
    return v_fields;
end
$$;

comment on function tenantry.resolve_update_mask(text[], jsonb) is
    'The names of the fields that an update sets, by its mask and its values. Raises TN001 for an unknown path.';
revoke all on function tenantry.resolve_update_mask from public, anon, authenticated, service_role;
