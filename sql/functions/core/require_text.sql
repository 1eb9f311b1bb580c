-- Refuses a text argument that is missing, blank or too long, before a column's own limit would refuse it
-- without naming the argument.
--
-- p_max: characters at most, null for no limit. Raises TN001.
create or replace function tenantry.require_text(
    p_field text,
    p_value text,
    p_max integer,
    p_required boolean default false
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_required and coalesce(p_value, '') !~ '[^[:space:]]' then
        perform tenantry.fail_invalid(p_field, 'is required');
    elsif length(p_value) > p_max then
        perform tenantry.fail_invalid(
            p_field, format('is %s characters long, at most %s are allowed', length(p_value), p_max));
    end if;
end
$$;

comment on function tenantry.require_text(text, text, integer, boolean) is
    'Raises TN001 when the text argument is missing (if required), blank or longer than p_max characters.';
revoke all on function tenantry.require_text from public, anon, authenticated, service_role;
