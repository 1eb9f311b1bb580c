-- Checks the fields of an organization, and names the argument that is wrong. The columns would refuse the same
-- values.
--
-- Raises: TN001.
create or replace function tenantry.require_organization_fields(p_name text, p_slug text, p_website text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.normalize_name('name', p_name, 100);
    perform tenantry.require_text('slug', p_slug, 100, true);
    perform tenantry.require_pattern(
        'slug', p_slug, '^[a-z0-9]+([-_][a-z0-9]+)*$', 'lower case letters and digits, joined by - or _');
    perform tenantry.require_text('website', p_website, 500);
    perform tenantry.require_pattern(
        'website', p_website, '(?i)^https?://[^[:space:]]+$', 'an address that starts with http:// or https://');
end
$$;

comment on function tenantry.require_organization_fields(text, text, text) is
    'Raises TN001 unless the values can be stored as an organization.';
revoke all on function tenantry.require_organization_fields from public, anon, authenticated, service_role;
