-- Lists credit products, oldest first, in keyset pages. Runs as the caller.
--
-- Raises: TN001 (negative page size, or no currency code), TN003 (page token of another listing).
-- Callers: any signed-in user, and the service.
create or replace function public.list_credit_products(
    is_active boolean default null,
    currency text default null,
    page_size integer default null,
    page_token text default null,
    out credit_products public.credit_products[],
    out next_page_token text
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_size integer := tenantry.resolve_page_size(page_size);
    v_currency constant text := tenantry.normalize_currency(currency);
    v_scope constant text := format(
        'credit_products %s', jsonb_build_array(list_credit_products.is_active, v_currency));
    v_after constant jsonb := tenantry.decode_page_token(page_token, v_scope);
    v_last public.credit_products;
begin
    select coalesce(array_agg(page.credit_product), '{}') into credit_products
    from (
        select p as credit_product
        from public.credit_products as p
        where (list_credit_products.is_active is null or p.is_active = list_credit_products.is_active)
          and (v_currency is null or p.currency = v_currency)
          and (v_after is null or (p.created_at, p.id) > ((v_after ->> 0)::timestamptz, (v_after ->> 1)::uuid))
        order by p.created_at, p.id
        limit v_size + 1
    ) as page;
    v_size := tenantry.page_length(credit_products, v_size);
    if cardinality(credit_products) > v_size then
        credit_products := credit_products[:v_size];
        v_last := credit_products[v_size];
        next_page_token := tenantry.encode_page_token(v_scope, jsonb_build_array(v_last.created_at, v_last.id));
    end if;
end
$$;

comment on function public.list_credit_products(boolean, text, integer, text) is
    'Credit products, oldest first. is_active, currency: only products with this value. page_size: rows, 50 unless'
    ' given, at most 1000. page_token: next_page_token of the page before. Raises TN001, TN003.';
revoke all on function public.list_credit_products from public, anon, authenticated, service_role;
grant execute on function public.list_credit_products to authenticated, service_role;
