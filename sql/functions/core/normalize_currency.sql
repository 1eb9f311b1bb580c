-- The currency as it is stored: an ISO 4217 code in upper case; null for none given.
-- Raises TN001.
create or replace function tenantry.normalize_currency(p_currency text) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_currency !~ '^[A-Za-z]{3}$' then
        perform tenantry.fail_invalid('currency', 'must be an ISO 4217 code of three letters');
    end if;
    -- Whatever the database's language: in Turkish i has another upper case.
    return upper(p_currency collate "C");
end
$$;

comment on function tenantry.normalize_currency(text) is
    'The ISO 4217 code in upper case. Raises TN001 for what is none.';
revoke all on function tenantry.normalize_currency from public, anon, authenticated, service_role;
grant execute on function tenantry.normalize_currency to authenticated, service_role;
