-- Refuses what is no name for a plan or a product. They are addressed by id, name or price at Stripe in one argument, so no
-- name may read as either id.
-- Raises TN001.
create or replace function tenantry.require_catalog_name(p_name text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.require_text('name', p_name, 100, true);
    perform tenantry.require_pattern(
        'name', p_name, '(?i)^(?![0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$)', 'a name, not a UUID');
    perform tenantry.require_pattern('name', p_name, '^(?!price_|local:)', 'a name, not the id of a price');
end
$$;

comment on function tenantry.require_catalog_name(text) is
    'Raises TN001 when the text is not fit to name a plan or a product.';
revoke all on function tenantry.require_catalog_name from public, anon, authenticated, service_role;
