-- Proves one ledger, or all of them: recomputes every invariant from the entries. No rows mean that all invariants
-- hold.
--
-- It sets jit off: to compile the query takes longer than most ledgers do.
--
-- Locks: nothing. It writes nothing.
-- Raises: TN001, TN002, 42501.
-- Callers: holders of credits:verify.
create or replace function tenantry.verify_ledger(p_organization_id uuid)
returns setof public.ledger_finding
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set enable_nestloop = on
set plan_cache_mode = auto
set jit = off
as $$
declare
    -- Their ledgers are no longer whole.
    v_erased constant uuid[] := array(select e.organization_id from tenantry.erasures as e where e.finished_at is null);
begin
    perform tenantry.authorize('credits:verify', p_organization_id);
    if p_organization_id is not null
        and not exists (select from public.organizations as o where o.id = p_organization_id) then
        perform tenantry.fail_not_found('organization', p_organization_id::text);
    end if;

    return query
    select o.id, 'credits_settle_at is no later than what falls due next', null::bigint,
        due.next::text, o.credits_settle_at::text
    from public.organizations as o
    cross join lateral (select tenantry.next_due_time(o.id) as next offset 0) as due
    where (p_organization_id is null or o.id = p_organization_id)
      and coalesce(o.credits_settle_at, 'infinity') > due.next and o.id <> all (v_erased);

    return query
    select o.id, 'the due changes of the account can be applied', null::bigint, 'settled',
        concat_ws(' ', f.due_at, f.code, f.message)
    from tenantry.settlement_failures as f
    join public.organizations as o on o.id = f.organization_id and o.credits_settle_at = f.due_at
    where (p_organization_id is null or o.id = p_organization_id) and o.id <> all (v_erased);

    -- These settings are for the next query only, and for no function that it calls. The query joins whole ledgers:
    -- nested loops, which PostgreSQL uses where it expects few rows, would read the entries of all organizations for
    -- each organization. One ledger is read by its index and all ledgers are read whole: that needs a plan each time.
    perform set_config('enable_nestloop', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true);
    return query
    with entries as (
        select
            t.organization_id, t.id, t.entry_number, t.transaction_type, t.amount, t.balance_after, t.source,
            t.source_id, t.created_at,
            row_number() over ledger as position,
            lag(t.balance_after, 1, 0) over ledger as balance_before,
            lag(t.created_at) over ledger as time_before,
            lead(t.entry_number) over ledger is null as is_last
        from public.credit_transactions as t
        where p_organization_id is null or t.organization_id = p_organization_id
        window ledger as (partition by t.organization_id order by t.entry_number)
    ),
    unallocated as (
        select e.organization_id, sum(e.amount) as amount
        from entries as e
        join public.organizations as o on o.id = e.organization_id
        where e.entry_number > o.credits_settled_entry
          and (p_organization_id is null or o.id = p_organization_id)
        group by e.organization_id
    ),
    in_lots as (
        select l.organization_id, sum(l.remaining) as amount
        from tenantry.credit_lots as l
        where p_organization_id is null or l.organization_id = p_organization_id
        group by l.organization_id
    ),
    in_holds as (
        select h.organization_id, sum(h.remaining) as amount
        from tenantry.credit_holds as h
        where h.state = 'active' and (p_organization_id is null or h.organization_id = p_organization_id)
        group by h.organization_id
    ),
    in_revocations as (
        select r.organization_id, sum(r.held - r.reclaimed) as amount
        from tenantry.credit_revocations as r
        where r.held > r.reclaimed and (p_organization_id is null or r.organization_id = p_organization_id)
        group by r.organization_id
    ),
    accounts as (
        select
            o.id, o.credit_balance, o.credits_reserved, o.credits_entry_number, o.credits_entry_at,
            o.credits_settled_entry,
            coalesce(last.entry_number, 0) as last_number, coalesce(last.balance_after, 0) as last_balance,
            last.created_at as last_time,
            coalesce(in_lots.amount, 0) as in_lots,
            coalesce(unallocated.amount, 0) as unallocated,
            coalesce(in_holds.amount, 0) as in_holds
        from public.organizations as o
        left join entries as last on last.organization_id = o.id and last.is_last
        left join unallocated on unallocated.organization_id = o.id
        left join in_lots on in_lots.organization_id = o.id
        left join in_holds on in_holds.organization_id = o.id
        where p_organization_id is null or o.id = p_organization_id
    ),
    spans as (
        select
            s.organization_id, s.lot_id, s.from_entry, s.to_entry, s.balance_from, s.balance_to, s.is_return,
            lead(s.balance_to) over steps as next_to,
            first_value(s.balance_to) over steps as top,
            row_number() over steps as position
        from tenantry.credit_allocations as s
        where p_organization_id is null or s.organization_id = p_organization_id
        window steps as (
            partition by s.organization_id, s.from_entry, s.to_entry, s.is_return order by s.balance_to desc)
    ),
    allocated as (
        select s.organization_id, range_agg(int8range(s.from_entry, s.to_entry, '[]')) as entries
        from spans as s
        group by s.organization_id
    ),
    opened as (
        select l.organization_id, l.entry_number, sum(l.amount) as amount
        from tenantry.credit_lots as l
        where p_organization_id is null or l.organization_id = p_organization_id
        group by l.organization_id, l.entry_number
    ),
    returned as (
        select s.organization_id, s.to_entry as entry_number, sum(s.balance_to - s.balance_from) as amount
        from spans as s
        where s.is_return
        group by s.organization_id, s.to_entry
    )
    select f.organization_id, f.invariant, f.entry_number, f.expected, f.found from (
        select
            e.organization_id, 'entries are numbered without gap' as invariant, e.entry_number,
            e.position::text as expected, e.entry_number::text as found
        from entries as e where e.position <> e.entry_number
        union all
        select e.organization_id, 'balance_after is the balance before plus amount', e.entry_number,
            (e.balance_before + e.amount)::text, e.balance_after::text
        from entries as e where e.balance_before + e.amount <> e.balance_after
        union all
        select e.organization_id, 'the balance is never negative', e.entry_number, '>= 0', e.balance_after::text
        from entries as e where e.balance_after < 0
        union all
        select e.organization_id, 'time never runs backwards', e.entry_number, '>= ' || e.time_before,
            e.created_at::text
        from entries as e where e.created_at < e.time_before
        union all
        select a.id, 'credit_balance is balance_after of the last entry', a.last_number,
            a.last_balance::text, a.credit_balance::text
        from accounts as a where a.credit_balance <> a.last_balance
        union all
        select a.id, 'credits_entry_number is that of the last entry', a.last_number,
            a.last_number::text, a.credits_entry_number::text
        from accounts as a where a.credits_entry_number <> a.last_number
        union all
        select a.id, 'credits_entry_at is the time of the last entry', a.last_number,
            a.last_time::text, a.credits_entry_at::text
        from accounts as a where a.credits_entry_at is distinct from a.last_time
        union all
        select a.id, 'lots less what is not allocated are the balance', a.last_number,
            a.credit_balance::text, (a.in_lots + a.unallocated)::text
        from accounts as a where a.in_lots + a.unallocated <> a.credit_balance
        union all
        select a.id, 'only consumption is not allocated', e.entry_number, 'consumed', e.transaction_type
        from accounts as a
        join entries as e on e.organization_id = a.id and e.entry_number > a.credits_settled_entry
        where e.transaction_type <> 'consumed'
        union all
        select a.id, 'credits_reserved is what active holds hold', null, a.in_holds::text, a.credits_reserved::text
        from accounts as a where a.credits_reserved <> a.in_holds
        union all
        select a.id, 'held credits are covered by the balance, or were revoked', null,
            '<= ' || a.credit_balance + coalesce(in_revocations.amount, 0), a.credits_reserved::text
        from accounts as a
        left join in_revocations on in_revocations.organization_id = a.id
        where a.credits_reserved > a.credit_balance + coalesce(in_revocations.amount, 0)
        union all
        select l.organization_id, 'what remains of a lot is its amount less its allocations', l.entry_number,
            (l.amount - coalesce(moved.amount, 0))::text, l.remaining::text
        from tenantry.credit_lots as l
        left join (
            select s.organization_id, s.lot_id,
                sum(case when s.is_return then s.balance_from - s.balance_to
                    else s.balance_to - s.balance_from end) as amount
            from spans as s
            group by s.organization_id, s.lot_id
        ) as moved on moved.organization_id = l.organization_id and moved.lot_id = l.id
        where (p_organization_id is null or l.organization_id = p_organization_id)
          and l.remaining <> l.amount - coalesce(moved.amount, 0)
        union all
        select e.organization_id, 'an entry that adds credits opens lots or returns to them', e.entry_number,
            e.amount::text, (coalesce(opened.amount, 0) + coalesce(returned.amount, 0))::text
        from entries as e
        left join opened on opened.organization_id = e.organization_id and opened.entry_number = e.entry_number
        left join returned on returned.organization_id = e.organization_id and returned.entry_number = e.entry_number
        where coalesce(opened.amount, 0) + coalesce(returned.amount, 0) <> greatest(e.amount, 0)
        union all
        -- The steps of one settlement follow one another without gap, from the balance before its first entry to that
        -- after its last. So every entry between them is allocated exactly once.
        select s.organization_id, 'allocations cover the fall of the balance exactly', s.to_entry,
            coalesce(s.next_to, last.balance_after)::text, s.balance_from::text
        from spans as s
        left join entries as last on last.organization_id = s.organization_id and last.entry_number = s.to_entry
        where not s.is_return and s.balance_from is distinct from coalesce(s.next_to, last.balance_after)
        union all
        select s.organization_id, 'allocations begin at the balance before their first entry', s.from_entry,
            first.balance_before::text, s.top::text
        from spans as s
        left join entries as first on first.organization_id = s.organization_id and first.entry_number = s.from_entry
        where not s.is_return and s.position = 1 and s.top is distinct from first.balance_before
        union all
        select a.id, 'every settled entry that takes credits is allocated', e.entry_number, 'a span', 'none'
        from accounts as a
        join entries as e on e.organization_id = a.id and e.entry_number <= a.credits_settled_entry and e.amount < 0
        left join allocated on allocated.organization_id = a.id
        where not coalesce(allocated.entries @> e.entry_number, false)
        union all
        select e.organization_id, 'no more is refunded than was spent', e.entry_number,
            '<= ' || - e.amount, refunds.amount::text
        from entries as e
        join (
            select r.organization_id, r.source_id, sum(r.amount) as amount
            from entries as r
            where r.transaction_type = 'refunded' and r.source = 'refund'
            group by r.organization_id, r.source_id
        ) as refunds on refunds.organization_id = e.organization_id and refunds.source_id = e.id
        where refunds.amount > - e.amount
    ) as f where f.organization_id <> all (v_erased);
end
$$;

comment on function tenantry.verify_ledger(uuid) is
    'Checks the permission, and compares accounts, entries, lots, holds and allocations.';
revoke all on function tenantry.verify_ledger from public, anon, authenticated, service_role;
grant execute on function tenantry.verify_ledger to authenticated, service_role;

create or replace function public.verify_ledger(
    organization_id uuid default null,
    out findings public.ledger_finding[]
)
language sql stable
begin atomic
    select coalesce(array_agg(f order by f.organization_id, f.entry_number, f.invariant, f.expected, f.found), '{}')
    from tenantry.verify_ledger(organization_id) as f;
end;

comment on function public.verify_ledger(uuid) is
    'Proves the ledger of one organization, or of all without one. Returns each broken invariant with the'
    ' organization, the invariant, the entry, the expected and the found value. No rows mean that every invariant'
    ' holds. Raises TN002, 42501.';
revoke all on function public.verify_ledger from public, anon, authenticated, service_role;
grant execute on function public.verify_ledger to authenticated, service_role;
