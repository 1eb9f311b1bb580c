-- Refuses a text argument that does not match a pattern, saying in words what is wanted.
-- Raises TN001.
create or replace function tenantry.require_pattern(
    p_field text,
    p_value text,
    p_pattern text,
    p_wanted text
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_value !~ p_pattern then
        perform tenantry.fail_invalid(p_field, 'must be ' || p_wanted);
    end if;
end
$$;

comment on function tenantry.require_pattern(text, text, text, text) is
    'Raises TN001 when the text argument does not match the pattern; p_wanted says in words what does.';
revoke all on function tenantry.require_pattern from public, anon, authenticated, service_role;
