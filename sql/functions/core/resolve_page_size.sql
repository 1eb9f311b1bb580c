-- Returns the number of rows in a page (AIP-158): 50 for null or 0, and at most 1000.
--
-- Raises: TN001 for a negative size.
create or replace function tenantry.resolve_page_size(p_page_size integer) returns integer
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_page_size < 0 then
        perform tenantry.fail_invalid('page_size', 'must not be negative');
    end if;
    return least(coalesce(nullif(p_page_size, 0), 50), 1000);
end
$$;

comment on function tenantry.resolve_page_size(integer) is
    'Rows in a page: 50 for null or 0, at most 1000. Raises TN001 for a negative size.';
revoke all on function tenantry.resolve_page_size from public, anon, authenticated, service_role;
grant execute on function tenantry.resolve_page_size to anon, authenticated, service_role;
