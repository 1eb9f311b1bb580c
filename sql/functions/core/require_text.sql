-- Checks that a text argument is present, not blank and not too long. A column's own limit would not name the
-- argument.
--
-- p_max: most characters; null for no limit. p_required: whether null and blank are refused.
--
-- Raises: TN001.
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
    'Raises TN001 if the text argument is longer than p_max characters or, when required, missing or blank.';
revoke all on function tenantry.require_text from public, anon, authenticated, service_role;
