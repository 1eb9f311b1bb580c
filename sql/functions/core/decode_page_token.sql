-- Returns the sort key in a page token; null for no token.
--
-- The length of a token is bounded before it is decoded: the sort key in it is a name of 255 characters at most, and
-- deeply nested JSON would exhaust the stack.
--
-- Raises: TN003 if another listing, or the same listing with other filters, made the token.
create or replace function tenantry.decode_page_token(p_token text, p_scope text) returns jsonb
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    c_longest constant integer := 4096;
    v_text text;
begin
    if coalesce(p_token, '') = '' then
        return null;
    end if;
    begin
        v_text := case when length(p_token) <= c_longest then convert_from(
            decode(translate(p_token, '-_', '+/') || repeat('=', (4 - length(p_token) % 4) % 4), 'base64'), 'UTF8') end;
        if left(v_text, 8) = left(md5(p_scope || substr(v_text, 9)), 8) then
            return substr(v_text, 9)::jsonb;
        end if;
    exception
        when data_exception then
            null;
    end;
    perform tenantry.fail(
        'TN003', 'page_token is not one of this listing with these filters',
        jsonb_build_object('field', 'page_token'),
        'Take next_page_token of the page before, and repeat the same filters.');
end
$$;

comment on function tenantry.decode_page_token(text, text) is
    'The sort key in a page token; null for no token. Raises TN003 for a token of another listing.';
revoke all on function tenantry.decode_page_token from public, anon, authenticated, service_role;
grant execute on function tenantry.decode_page_token to anon, authenticated, service_role;
