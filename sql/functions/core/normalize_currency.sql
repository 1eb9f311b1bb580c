-- Returns a currency in its stored form, an ISO 4217 code in upper case; null for null.
--
-- Raises: TN001 for a text that is not three letters.
create or replace function tenantry.normalize_currency(p_currency text) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_currency !~ '^[A-Za-z]{3}$' then
        perform tenantry.fail_invalid('currency', 'must be an ISO 4217 code of three letters');
    end if;
    -- The C collation keeps the result independent of the database's language: Turkish has another upper case of i.
    return upper(p_currency collate "C");
end
$$;

comment on function tenantry.normalize_currency(text) is
    'The ISO 4217 code in upper case. Raises TN001 for a text that is not three letters.';
revoke all on function tenantry.normalize_currency from public, anon, authenticated, service_role;
grant execute on function tenantry.normalize_currency to authenticated, service_role;
