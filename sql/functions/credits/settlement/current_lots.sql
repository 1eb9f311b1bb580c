-- Returns the stored lots of an account and the credits that remain of each, if nothing has fallen due.
--
-- That is the case in nearly all reads. Then only the consumption that is not allocated yet comes off. The function
-- pins no search_path, so that the planner makes it a part of the query that calls it.
--
-- p_account: the organization's row.
create or replace function tenantry.current_lots(p_account public.organizations)
returns table (lot tenantry.credit_lots, remaining integer)
language sql stable
begin atomic
    select l as lot, l.remaining - coalesce(s.balance_to - s.balance_from, 0) as remaining
    from tenantry.credit_lots as l
    left join tenantry.unsettled_spans(p_account) as s on s.lot_id = l.id
    where l.organization_id = p_account.id and l.remaining > 0;
end;

comment on function tenantry.current_lots(public.organizations) is
    'Returns the organization''s lots and the credits that remain of each now, if nothing has fallen due.';
revoke all on function tenantry.current_lots from public, anon, authenticated, service_role;
