-- Checks the fields of a credit event, and names the argument that is wrong. The columns would refuse the same values.
--
-- Raises: TN001.
create or replace function tenantry.require_credit_event_fields(
    p_name text,
    p_credit_cost integer,
    p_category text,
    p_metadata jsonb
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.require_text('name', p_name, 100, true);
    if tenantry.is_uuid(p_name) then
        perform tenantry.fail_invalid('name', 'must be a name, not a UUID');
    end if;
    if p_credit_cost is null then
        perform tenantry.fail_invalid('credit_cost', 'is required');
    elsif p_credit_cost <= 0 then
        perform tenantry.fail_invalid('credit_cost', 'must be greater than 0');
    end if;
    perform tenantry.require_text('category', p_category, 50, true);
    perform tenantry.require_pattern(
        'category', p_category, '^[a-z][a-z0-9_]*$', 'lower case letters, digits and _, starting with a letter');
    perform tenantry.require_metadata(p_metadata);
end
$$;

comment on function tenantry.require_credit_event_fields(text, integer, text, jsonb) is
    'Raises TN001 unless the values can be stored as a credit event.';
revoke all on function tenantry.require_credit_event_fields from public, anon, authenticated, service_role;
