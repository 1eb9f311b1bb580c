-- Returns the lots of an account and the credits that remain of each, as settlement at a moment would leave them. It
-- writes nothing, so reads can use it in a read-only transaction. A lot without credits is returned only if the
-- projection itself has emptied it.
--
-- It has the rules of settle_account(), apply_due() and expire_lots() in closed form. Consumption that is not allocated
-- yet comes off the lots. Holds keep a running total K of the expired credits. With P the running total of expired
-- credits, and H the credits under holds that are older than the expiry of that lot, K = P + least(0, min(H - P)).
-- Tests compare the two forms after random histories: tests/sql/credits/test_projection.py (holds, lots, pending
-- grants) and tests/sql/subscriptions/test_laziness.py (subscriptions).
--
-- Lots of subscription periods that have begun and are not written yet come from project_renewal_lots().
--
-- p_account: the organization's row. p_at: the moment, not before the last entry.
create or replace function tenantry.project_lots(p_account public.organizations, p_at timestamptz)
returns table (lot tenantry.credit_lots, remaining integer)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    with open_lots as (
        select
            l as lot, l.id, l.expires_at, l.priority, l.entry_number,
            l.remaining - coalesce(span.balance_to - span.balance_from, 0) as remaining
        from tenantry.credit_lots as l
        left join tenantry.unsettled_spans(p_account) as span on span.lot_id = l.id
        where l.organization_id = p_account.id and l.remaining > 0
        union all
        select l as lot, l.id, l.expires_at, l.priority, l.entry_number, l.remaining
        from tenantry.pending_grants as g
        cross join lateral tenantry.build_pending_lot(g) as l
        where g.organization_id = p_account.id and g.cancelled_at is null and g.effective_at <= p_at
    ),
    expired as (
        select
            o.id,
            sum(o.remaining) over spending as total,
            (
                select coalesce(sum(h.remaining), 0)
                from tenantry.credit_holds as h
                where h.organization_id = p_account.id and h.state = 'active'
                  and h.expires_at > p_at and h.created_at < o.expires_at
            ) as held,
            row_number() over spending as position
        from open_lots as o
        where o.expires_at <= p_at or (o.lot).expired_at is not null
        -- Grants that have no entry yet get their numbers in the order in which they take effect.
        window spending as (order by o.expires_at, o.priority, o.entry_number, (o.lot).effective_at, o.id)
    ),
    kept_to as (
        select id, position, total + least(0, min(held - total) over (order by position)) as kept from expired
    ),
    kept as (
        select id, kept - lag(kept, 1, 0) over (order by position) as remaining from kept_to
    )
    select o.lot, coalesce(kept.remaining, o.remaining)::integer
    from open_lots as o
    left join kept on kept.id = o.id
    union all
    select renewed, renewed.remaining
    from (
        select jsonb_object_agg(due.at, due.amount) as expired
        from (
            select extract(epoch from o.expires_at)::text, sum(o.remaining - coalesce(kept.remaining, 0))
            from open_lots as o
            left join kept on kept.id = o.id
            where o.expires_at <= p_at and (o.lot).expired_at is null and (o.lot).source in ('subscription', 'rollover')
            group by o.expires_at
        ) as due (at, amount)
    ) as unwritten
    cross join lateral tenantry.project_renewal_lots(p_account, p_at, unwritten.expired) as renewed
    where p_account.credits_settle_at <= p_at;
end
$$;

comment on function tenantry.project_lots(public.organizations, timestamptz) is
    'Returns the organization''s lots as settlement at p_at would leave them. It writes nothing.';
revoke all on function tenantry.project_lots from public, anon, authenticated, service_role;
