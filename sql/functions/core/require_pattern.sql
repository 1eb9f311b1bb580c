-- Checks that a text argument matches a regular expression; null passes.
--
-- p_wanted: the expected form in words, for the message "must be …".
--
-- Raises: TN001.
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
    'Raises TN001 unless the text argument matches the pattern or is null; p_wanted names the expected form.';
revoke all on function tenantry.require_pattern from public, anon, authenticated, service_role;
