-- Returns an opaque token for the page that starts after a row.
--
-- p_scope: the name of the listing and every filter. A token serves only the listing that made it.
-- p_key: the sort key of the last row of this page, as a JSON array.
create or replace function tenantry.encode_page_token(p_scope text, p_key jsonb) returns text
language sql immutable
return translate(
    encode(convert_to(left(md5(p_scope || p_key::text), 8) || p_key::text, 'UTF8'), 'base64'),
    E'+/=\n', '-_'
);

comment on function tenantry.encode_page_token(text, jsonb) is
    'The opaque token of the page that follows the row with sort key p_key in the listing p_scope.';
revoke all on function tenantry.encode_page_token from public, anon, authenticated, service_role;
grant execute on function tenantry.encode_page_token to anon, authenticated, service_role;
