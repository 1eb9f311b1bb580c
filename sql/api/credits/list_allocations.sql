-- Lists the credits that entries took from lots, by entry or by lot, as if everything were settled.
--
-- A span covers many entries. The part of one entry is the overlap of its own step of the balance with the span.
--
-- Locks: nothing. It writes nothing.
-- Raises: TN001, TN002, TN003, 42501.
-- Callers: holders of credits:read in the organization.
create or replace function tenantry.list_allocations(
    p_organization_id uuid,
    p_credit_transaction_id uuid,
    p_lot_id uuid,
    p_page_size integer,
    p_page_token text,
    out allocations public.credit_allocation[],
    out next_page_token text
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_size integer := tenantry.resolve_page_size(p_page_size);
    v_scope constant text := format('credit_allocations %s', jsonb_build_array(
        p_organization_id, p_credit_transaction_id, p_lot_id));
    v_after constant jsonb := tenantry.decode_page_token(p_page_token, v_scope);
    v_account public.organizations;
    v_first bigint := 1;
    v_last bigint;
    v_entry record;
begin
    v_account := tenantry.read_account(p_organization_id);
    if num_nonnulls(p_credit_transaction_id, p_lot_id) = 0 then
        perform tenantry.fail_invalid('credit_transaction_id', 'give credit_transaction_id or lot_id');
    end if;
    v_last := v_account.credits_entry_number;
    if p_credit_transaction_id is not null then
        select t.entry_number into v_first
        from public.credit_transactions as t
        where t.organization_id = p_organization_id and t.id = p_credit_transaction_id;
        if not found then
            perform tenantry.fail_not_found('credit_transaction', p_credit_transaction_id::text);
        end if;
        v_last := v_first;
    elsif not exists (
        select from tenantry.credit_lots as l where l.organization_id = p_organization_id and l.id = p_lot_id
    ) then
        perform tenantry.fail_not_found('credit_lot', p_lot_id::text);
    end if;

    select coalesce(array_agg(page.allocation), '{}') into allocations
    from (
        select row(
            t.id, t.entry_number, span.lot_id,
            case when span.is_return then 1 else -1 end * (
                least(span.balance_to, greatest(t.balance_after, t.balance_after - t.amount))
                - greatest(span.balance_from, least(t.balance_after, t.balance_after - t.amount))),
            t.created_at
        )::public.credit_allocation as allocation
        from (
            select
                stored.lot_id, stored.from_entry, stored.to_entry, stored.balance_from, stored.balance_to,
                stored.is_return
            from tenantry.credit_allocations as stored
            where stored.organization_id = p_organization_id
            union all
            select open.lot_id, open.from_entry, open.to_entry, open.balance_from, open.balance_to, open.is_return
            from tenantry.unsettled_spans(v_account) as open
        ) as span
        join public.credit_transactions as t
            on t.organization_id = p_organization_id
            and t.entry_number between greatest(span.from_entry, v_first) and least(span.to_entry, v_last)
            and span.balance_from < greatest(t.balance_after, t.balance_after - t.amount)
            and span.balance_to > least(t.balance_after, t.balance_after - t.amount)
        where span.from_entry <= v_last and span.to_entry >= v_first
          and (p_lot_id is null or span.lot_id = p_lot_id)
          and (v_after is null or (t.entry_number, span.lot_id) > ((v_after ->> 0)::bigint, (v_after ->> 1)::uuid))
        order by t.entry_number, span.lot_id
        limit v_size + 1
    ) as page;
    v_size := tenantry.page_length(allocations, v_size);
    if cardinality(allocations) > v_size then
        allocations := allocations[:v_size];
        v_entry := allocations[v_size];
        next_page_token := tenantry.encode_page_token(
            v_scope, jsonb_build_array(v_entry.entry_number, v_entry.lot_id));
    end if;
end
$$;

comment on function tenantry.list_allocations(uuid, uuid, uuid, integer, text) is
    'Checks the permission, and cuts the spans into the parts of each entry.';
revoke all on function tenantry.list_allocations from public, anon, authenticated, service_role;
grant execute on function tenantry.list_allocations to authenticated, service_role;

create or replace function public.list_allocations(
    organization_id uuid default null,
    credit_transaction_id uuid default null,
    lot_id uuid default null,
    page_size integer default null,
    page_token text default null,
    out allocations public.credit_allocation[],
    out next_page_token text
)
language sql stable
begin atomic
    select a.allocations, a.next_page_token
    from tenantry.list_allocations(organization_id, credit_transaction_id, lot_id, page_size, page_token) as a;
end;

comment on function public.list_allocations(uuid, uuid, uuid, integer, text) is
    'The credits that an entry took from each lot, or that entries took from a lot, oldest first. page_size: rows, 50'
    ' unless given, at most 1000. Raises TN001, TN002, TN003, 42501.';
revoke all on function public.list_allocations from public, anon, authenticated, service_role;
grant execute on function public.list_allocations to authenticated, service_role;
