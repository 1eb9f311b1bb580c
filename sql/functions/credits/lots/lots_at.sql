-- Returns the stored lots of an account and the credits that remained of each at a moment, now or in the past.
--
-- From the last entry on it returns the projection. Before the last entry it computes history: the amount of a lot
-- without the credits that entries up to the moment took from it. If the moment lies within a span, the span counts as
-- far as the balance had fallen by then.
--
-- p_account: the organization's row. p_at: a moment that is not in the future.
create or replace function tenantry.lots_at(p_account public.organizations, p_at timestamptz)
returns table (lot tenantry.credit_lots, remaining integer)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_last bigint;
    v_balance integer;
begin
    if (p_at < p_account.credits_entry_at) is not true and (p_account.credits_settle_at <= p_at) is not true then
        return query select * from tenantry.current_lots(p_account);
        return;
    elsif (p_at < p_account.credits_entry_at) is not true then
        return query select * from tenantry.project_lots(p_account, p_at);
        return;
    end if;
    v_last := tenantry.last_entry_number_at(p_account, p_at);
    select balance_after into v_balance
    from public.credit_transactions
    where organization_id = p_account.id and entry_number = v_last;

    return query
    with moved as (
        select
            s.lot_id,
            case
                when s.is_return then s.balance_from - s.balance_to
                when s.to_entry <= v_last then s.balance_to - s.balance_from
                else greatest(s.balance_to - greatest(s.balance_from, v_balance), 0)
            end as amount
        from (
            select
                stored.lot_id, stored.from_entry, stored.to_entry, stored.balance_from, stored.balance_to,
                stored.is_return
            from tenantry.credit_allocations as stored
            where stored.organization_id = p_account.id
            union all
            select open.lot_id, open.from_entry, open.to_entry, open.balance_from, open.balance_to, open.is_return
            from tenantry.unsettled_spans(p_account) as open
        ) as s
        where s.from_entry <= v_last
    ),
    taken as (
        select lot_id, sum(amount)::integer as amount from moved group by lot_id
    )
    select l, l.amount - coalesce(taken.amount, 0)
    from tenantry.credit_lots as l
    left join taken on taken.lot_id = l.id
    where l.organization_id = p_account.id and l.entry_number <= v_last and l.amount > coalesce(taken.amount, 0);
end
$$;

comment on function tenantry.lots_at(public.organizations, timestamptz) is
    'Returns the organization''s lots and the credits that remained of each at p_at, which is not in the future.';
revoke all on function tenantry.lots_at from public, anon, authenticated, service_role;
