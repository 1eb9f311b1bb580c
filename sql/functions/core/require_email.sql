-- Checks that a text is an email address of at most 320 characters; null passes.
--
-- Raises: TN001.
create or replace function tenantry.require_email(p_field text, p_value text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.require_text(p_field, p_value, 320);
    perform tenantry.require_pattern(p_field, p_value, '^[^@[:space:]]+@[^@[:space:]]+$', 'an email address');
end
$$;

comment on function tenantry.require_email(text, text) is 'Raises TN001 unless the text is an email address or null.';
revoke all on function tenantry.require_email from public, anon, authenticated, service_role;
