-- Returns the spans that allocate to lots the consumption since the last settlement: from lots that expire soonest
-- first, then by priority, then from the oldest. Lots that have expired and only back a hold are left to the captures
-- of that hold.
--
-- Settlement stores the result. Reads use it as if it were stored. The function pins no search_path, so that the
-- planner makes it a part of the query that calls it.
--
-- p_account: the organization's row.
--
-- The answer has the columns of tenantry.credit_allocations. It is no row of that table, because it would lack a column
-- that an application adds.
create or replace function tenantry.unsettled_spans(p_account public.organizations)
returns table (
    organization_id uuid,
    lot_id uuid,
    from_entry bigint,
    to_entry bigint,
    balance_from integer,
    balance_to integer,
    is_return boolean
)
language sql stable
begin atomic
    select
        p_account.id as organization_id,
        open_lots.id as lot_id,
        p_account.credits_settled_entry + 1 as from_entry,
        p_account.credits_entry_number as to_entry,
        greatest(
            open_lots.settled_balance - open_lots.spent_before - open_lots.remaining,
            p_account.credit_balance)::integer as balance_from,
        (open_lots.settled_balance - open_lots.spent_before)::integer as balance_to,
        false as is_return
    from (
        select
            l.id, l.remaining, l.expired_at,
            sum(l.remaining) filter (where l.expired_at is null)
                over (order by l.expires_at, l.priority, l.entry_number, l.id) - l.remaining as spent_before,
            sum(l.remaining) over () as settled_balance
        from tenantry.credit_lots as l
        where l.organization_id = p_account.id and l.remaining > 0
    ) as open_lots
    where open_lots.expired_at is null
      and open_lots.settled_balance - open_lots.spent_before > p_account.credit_balance;
end;

comment on function tenantry.unsettled_spans(public.organizations) is
    'Returns the spans of the consumption that is not allocated to lots yet, in spending order.';
revoke all on function tenantry.unsettled_spans from public, anon, authenticated, service_role;
