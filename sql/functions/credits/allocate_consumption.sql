-- Allocates to lots what was consumed since the last settlement: soonest-expiring lots first, then by priority,
-- then the oldest. Lots that have expired and only back a hold are left to that hold's captures.
--
-- p_account: the organization's row, locked by the caller.
create or replace function tenantry.allocate_consumption(p_account public.organizations) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
    with open_lots as (
        select
            l.id, l.remaining, l.expired_at,
            sum(l.remaining) filter (where l.expired_at is null)
                over (order by l.expires_at, l.priority, l.entry_number) - l.remaining as spent_before,
            sum(l.remaining) over () as total
        from tenantry.credit_lots as l
        where l.organization_id = p_account.id and l.remaining > 0 and l.entry_number is not null
    ),
    taken as (
        select
            id, total, spent_before,
            least(remaining, total - p_account.credit_balance - spent_before)::integer as amount
        from open_lots
        where expired_at is null and spent_before < total - p_account.credit_balance
    ),
    spans as (
        insert into tenantry.credit_allocations (
            organization_id, lot_id, from_entry, to_entry, balance_from, balance_to
        )
        select
            p_account.id, id, p_account.credits_settled_entry + 1, p_account.credits_entry_number,
            total - spent_before - amount, total - spent_before
        from taken
    )
    update tenantry.credit_lots as l
    set remaining = l.remaining - taken.amount
    from taken
    where l.organization_id = p_account.id and l.id = taken.id;
end;

comment on function tenantry.allocate_consumption(public.organizations) is
    'Allocates what was consumed since the last settlement to lots, in spending order.';
revoke all on function tenantry.allocate_consumption from public;
