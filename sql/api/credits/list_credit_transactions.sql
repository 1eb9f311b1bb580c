-- Lists an organization's ledger in keyset pages, newest entry first or oldest_first. The key is the number of the
-- entry: pages stay right while entries are added.
--
-- A time range becomes a range of entry numbers first, because times never run backwards along the ledger. The function
-- runs as the caller.
--
-- Locks: nothing.
-- Raises: TN001, TN002, TN003, 42501.
-- Callers: holders of credits:read in the organization.
create or replace function public.list_credit_transactions(
    organization_id uuid default null,
    transaction_type text default null,
    source text default null,
    source_id uuid default null,
    credit_event text default null,
    start_time timestamptz default null,
    end_time timestamptz default null,
    expires_before timestamptz default null,
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
    v_size integer := tenantry.resolve_page_size(page_size);
    v_forward constant boolean := coalesce(oldest_first, false);
    v_scope constant text := format('credit_transactions %s', jsonb_build_array(
        organization_id, transaction_type, source, source_id, credit_event, start_time, end_time, expires_before,
        v_forward));
    v_after constant bigint := tenantry.decode_page_token(page_token, v_scope) ->> 0;
    v_account public.organizations;
    v_event public.credit_events;
    v_first bigint := 0;
    v_last bigint := 9223372036854775807;
begin
    if list_credit_transactions.organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    elsif list_credit_transactions.transaction_type
        not in ('earned', 'purchased', 'refunded', 'consumed', 'expired', 'revoked') then
        perform tenantry.fail_invalid(
            'transaction_type', 'must be earned, purchased, refunded, consumed, expired or revoked');
    end if;
    perform tenantry.authorize('credits:read', list_credit_transactions.organization_id);
    if list_credit_transactions.credit_event is not null then
        v_event := tenantry.find_credit_event(list_credit_transactions.credit_event);
    end if;
    if num_nonnulls(start_time, end_time) > 0 then
        select * into v_account from public.organizations as o where o.id = list_credit_transactions.organization_id;
        if start_time is not null then
            v_first := tenantry.last_entry_number_at(v_account, start_time - interval '1 us');
        end if;
        if end_time is not null then
            v_last := tenantry.last_entry_number_at(v_account, end_time - interval '1 us');
        end if;
    end if;
    if v_forward then
        v_first := greatest(v_first, v_after);
    else
        v_last := least(v_last, v_after - 1);
    end if;

    -- EXECUTE gives each combination of filters a plan of its own, with the right index.
    execute format(
        $query$
        select coalesce(array_agg(page.entry), '{}')
        from (
            select t as entry
            from public.credit_transactions as t
            where t.organization_id = $1 and t.entry_number > $2 and t.entry_number <= $3
              and ($4 is null or t.transaction_type = $4)
              and ($5 is null or t.source = $5)
              and ($6 is null or t.source_id = $6)
              and ($7 is null or t.credit_event_id = $7)
              and ($8 is null or t.expires_at < $8)
            order by t.entry_number %s
            limit $9
        ) as page
        $query$,
        case when v_forward then 'asc' else 'desc' end)
    into transactions
    using organization_id, v_first, v_last, transaction_type, source, source_id, v_event.id, expires_before,
        v_size + 1;
    v_size := tenantry.page_length(transactions, v_size);
    if cardinality(transactions) > v_size then
        transactions := transactions[:v_size];
        next_page_token := tenantry.encode_page_token(
            v_scope, jsonb_build_array((transactions[v_size]).entry_number));
    end if;
end
$$;

comment on function public.list_credit_transactions(
    uuid, text, text, uuid, text, timestamptz, timestamptz, timestamptz, boolean, integer, text
) is
    'The organization''s ledger, newest entry first, or oldest_first. Filters: transaction_type (purchased for'
    ' purchased credits), source (subscription for subscription credits), source_id, credit_event (id or name),'
    ' start_time (inclusive) to end_time (exclusive), expires_before. page_size: rows, 50 unless given, at most 1000.'
    ' page_token: next_page_token of the page before. Raises TN001, TN002, TN003, 42501.';
revoke all on function public.list_credit_transactions from public, anon, authenticated, service_role;
grant execute on function public.list_credit_transactions to authenticated, service_role;
