-- Refuses what is no name for a plan or a product. They are addressed by id, name or price at Stripe in one argument,
-- so no name may read as either id. Raises TN001.
create or replace function tenantry.require_catalog_name(p_name text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.require_text('name', p_name, 100, true);
    if tenantry.is_uuid(p_name) then
        perform tenantry.fail_invalid('name', 'must be a name, not a UUID');
    end if;
    perform tenantry.require_pattern('name', p_name, '^(?!price_|local:)', 'a name, not the id of a price');
end
$$;

comment on function tenantry.require_catalog_name(text) is
    'Raises TN001 when the text is not fit to name a plan or a product.';
revoke all on function tenantry.require_catalog_name from public, anon, authenticated, service_role;
