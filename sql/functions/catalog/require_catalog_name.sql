-- Checks the name of a plan or a credit product. One argument takes its id, its name or its Stripe price, so a name
-- must not be a UUID and must not start with price_ or local:.
--
-- Raises: TN001.
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
    'Raises TN001 unless the text can name a plan or a credit product.';
revoke all on function tenantry.require_catalog_name from public, anon, authenticated, service_role;
