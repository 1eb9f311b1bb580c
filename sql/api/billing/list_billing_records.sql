-- Lists an organization's billing records, newest first, in keyset pages.
--
-- Raises: TN001, TN003 (foreign page token), 42501.
-- Callers: holders of billing:read in the organization. It runs as the caller.
create or replace function public.list_billing_records(
    organization_id uuid default null,
    status text default null,
    billing_reason text default null,
    stripe_invoice_id text default null,
    created_after timestamptz default null,
    created_before timestamptz default null,
    page_size integer default null,
    page_token text default null,
    out billing_records public.billing_history[],
    out next_page_token text
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_size integer := tenantry.resolve_page_size(page_size);
    v_scope constant text := format('billing_records %s', jsonb_build_array(
        organization_id, status, billing_reason, stripe_invoice_id, created_after, created_before));
    v_after constant jsonb := tenantry.decode_page_token(page_token, v_scope);
    v_last public.billing_history;
begin
    if list_billing_records.organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.require_billing_status(list_billing_records.status);
    perform tenantry.authorize('billing:read', list_billing_records.organization_id);

    -- EXECUTE plans each combination of filters separately, with the right index.
    execute
        $query$
        select coalesce(array_agg(page.billing_record), '{}')
        from (
            select b as billing_record
            from public.billing_history as b
            where b.organization_id = $1
              and ($2 is null or b.status = $2)
              and ($3 is null or b.billing_reason = $3)
              and ($4 is null or b.stripe_invoice_id = $4)
              and ($5 is null or b.created_at >= $5)
              and ($6 is null or b.created_at < $6)
              and ($7 is null or (b.created_at, b.id) < ($7, $8))
            order by b.created_at desc, b.id desc
            limit $9
        ) as page
        $query$
    into billing_records
    using list_billing_records.organization_id, list_billing_records.status, list_billing_records.billing_reason,
        list_billing_records.stripe_invoice_id, created_after, created_before, (v_after ->> 0)::timestamptz,
        (v_after ->> 1)::uuid, v_size + 1;
    v_size := tenantry.page_length(billing_records, v_size);
    if cardinality(billing_records) > v_size then
        billing_records := billing_records[:v_size];
        v_last := billing_records[v_size];
        next_page_token := tenantry.encode_page_token(v_scope, jsonb_build_array(v_last.created_at, v_last.id));
    end if;
end
$$;

comment on function public.list_billing_records(
    uuid, text, text, text, timestamptz, timestamptz, integer, text
) is
    'The organization''s billing records, newest first. Filters: status, billing_reason, stripe_invoice_id,'
    ' created_after (inclusive) to created_before (exclusive). page_size: rows, 50 unless given, at most 1000.'
    ' page_token: next_page_token of the page before. Raises TN001, TN003, 42501.';
revoke all on function public.list_billing_records from public, anon, authenticated, service_role;
grant execute on function public.list_billing_records to authenticated, service_role;
