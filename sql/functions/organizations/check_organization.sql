-- Refuses what an organization's columns would refuse, naming the argument.
-- Raises TN001.
create or replace function tenantry.check_organization(p_name text, p_slug text, p_website text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.check_text('name', p_name, 100, true);
    perform tenantry.check_text('slug', p_slug, 100, true);
    perform tenantry.check_pattern(
        'slug', p_slug, '^[a-z0-9]+([-_][a-z0-9]+)*$', 'lower case letters and digits, joined by - or _');
    perform tenantry.check_text('website', p_website, 500);
    perform tenantry.check_pattern(
        'website', p_website, '(?i)^https?://[^[:space:]]+$', 'an address that starts with http:// or https://');
end
$$;

comment on function tenantry.check_organization(text, text, text) is
    'Raises TN001 when one of the values is not fit for an organization.';
revoke all on function tenantry.check_organization from public, anon, authenticated, service_role;
