-- Brings an account up to date. It allocates to lots the consumption since the last settlement, and then applies
-- everything that has fallen due, in the order of time: holds lapse, lots expire, pending grants take effect,
-- subscriptions renew or end.
--
-- The order is exact whenever settlement runs. A consumption never passes a due moment without settlement, because its
-- condition finds credits_settle_at in the past. Every other change of lots settles first. So all consumption that is
-- not allocated yet came before the first due moment, and meanwhile only the balance moved, downwards. The share of
-- each lot is therefore one span of entries and of balance, however many entries there were.
--
-- Entries that time makes have the time at which they fell due. Reads compute the same result without writing: see
-- project_lots().
--
-- p_account: the organization's row, locked by the caller.
-- Returns the row as settled.
-- Locks: lots, holds and the live subscription of the organization.
-- Raises: nothing of its own.
create or replace function tenantry.settle_account(p_account public.organizations)
returns public.organizations
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_id constant uuid := p_account.id;
    v_now constant timestamptz := tenantry.account_time(p_account);
    v_account public.organizations;
    v_next timestamptz;
begin
    with spans as (
        insert into tenantry.credit_allocations (
            organization_id, lot_id, from_entry, to_entry, balance_from, balance_to, is_return
        )
        select s.organization_id, s.lot_id, s.from_entry, s.to_entry, s.balance_from, s.balance_to, s.is_return
        from tenantry.unsettled_spans(p_account) as s
        returning lot_id, balance_to - balance_from as amount
    )
    update tenantry.credit_lots as l
    set remaining = l.remaining - spans.amount
    from spans
    where l.organization_id = v_id and l.id = spans.lot_id;

    loop
        v_next := tenantry.next_due_time(v_id);
        exit when (v_next <= v_now) is not true;
        perform tenantry.apply_due(v_id, v_next);
    end loop;

    update public.organizations as o
    set credits_settled_entry = o.credits_entry_number,
        credits_settle_at = v_next
    where o.id = v_id
      and (o.credits_settled_entry, o.credits_settle_at) is distinct from (o.credits_entry_number, v_next);
    select * into v_account from public.organizations where id = v_id;
    return v_account;
end
$$;

comment on function tenantry.settle_account(public.organizations) is
    'Allocates consumption to lots and applies all due changes. The caller holds the lock of the row.';
revoke all on function tenantry.settle_account from public, anon, authenticated, service_role;
