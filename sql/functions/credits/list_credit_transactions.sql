-- An organization's ledger, newest entry first unless asked otherwise, in keyset pages: the key is the entry's
-- number, so pages stay right while entries are added.
--
-- Runs as the caller. Raises TN001, TN003, 42501.
create or replace function public.list_credit_transactions(
    organization_id uuid default null,
    oldest_first boolean default null,
    page_size integer default null,
    page_token text default null,
    out transactions public.credit_transactions[],
    out next_page_token text
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_size integer := tenantry.page_size(page_size);
    v_forward constant boolean := coalesce(oldest_first, false);
    v_scope text := format('credit_transactions %s', jsonb_build_array(organization_id, v_forward));
    v_after bigint := tenantry.decode_page_token(page_token, v_scope) ->> 0;
begin
    if list_credit_transactions.organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.authorize('credits:read', list_credit_transactions.organization_id);
    if v_forward then
        select coalesce(array_agg(page.entry), '{}') into transactions
        from (
            select t as entry
            from public.credit_transactions as t
            where t.organization_id = list_credit_transactions.organization_id
              and t.entry_number > coalesce(v_after, 0)
            order by t.entry_number
            limit v_size + 1
        ) as page;
    else
        select coalesce(array_agg(page.entry), '{}') into transactions
        from (
            select t as entry
            from public.credit_transactions as t
            where t.organization_id = list_credit_transactions.organization_id
              and t.entry_number < coalesce(v_after, 9223372036854775807)
            order by t.entry_number desc
            limit v_size + 1
        ) as page;
    end if;
    if cardinality(transactions) > v_size then
        transactions := transactions[:v_size];
        next_page_token := tenantry.encode_page_token(
            v_scope, jsonb_build_array((transactions[v_size]).entry_number));
    end if;
end
$$;

comment on function public.list_credit_transactions(uuid, boolean, integer, text) is
    'The organization''s ledger, newest entry first, or oldest_first. page_size: rows, 50 unless given, at most 1000.'
    ' page_token: next_page_token of the page before. Raises TN001, TN003, 42501.';
revoke all on function public.list_credit_transactions from public, anon, authenticated, service_role;
grant execute on function public.list_credit_transactions to authenticated, service_role;
