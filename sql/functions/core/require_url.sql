-- Checks that a text is an http or https address of at most 5000 characters, to which a browser can be sent.
--
-- Raises: TN001, also for null.
create or replace function tenantry.require_url(p_field text, p_value text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.require_text(p_field, p_value, 5000, true);
    perform tenantry.require_pattern(p_field, p_value, '^https?://[^[:space:]]+$', 'an http or https address');
end
$$;

comment on function tenantry.require_url(text, text) is 'Raises TN001 unless the text is an http or https address.';
revoke all on function tenantry.require_url from public, anon, authenticated, service_role;
