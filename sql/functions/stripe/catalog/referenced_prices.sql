-- Returns the ids of the prices that an object names. For a product, returns its own id.
create or replace function tenantry.referenced_prices(p_object jsonb) returns text[]
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select coalesce(array_agg(distinct named.id), '{}')
        from (
            select p_object ->> 'id' where p_object ->> 'object' in ('product', 'price')
            union all
            select l.price from tenantry.stripe_invoice_lines(p_object) as l where p_object ->> 'object' = 'invoice'
            union all
            select coalesce(tenantry.stripe_id(i.item -> 'price'), tenantry.stripe_id(i.item -> 'plan'))
            from jsonb_array_elements(p_object #> '{items,data}') as i (item)
            where p_object ->> 'object' = 'subscription'
        ) as named (id)
        where named.id is not null
    );
end
$$;

comment on function tenantry.referenced_prices(jsonb) is
    'Ids of the prices that an object names; for a product, its own id.';
revoke all on function tenantry.referenced_prices from public, anon, authenticated, service_role;
