-- Returns the credits that were spent from grants of one period.
--
-- p_sources, p_source_id, p_starts_at: the grants, as in granted_credits.
-- Locks: none of its own. The caller holds the account's lock and has settled it.
create or replace function tenantry.spent_credits(
    p_organization_id uuid,
    p_sources text[],
    p_source_id uuid,
    p_starts_at timestamptz
) returns bigint
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select coalesce(sum(
        l.amount - l.remaining
        + (
            select coalesce(sum(t.amount), 0) from public.credit_transactions as t
            where t.organization_id = p_organization_id and t.source_id = l.id
              and t.transaction_type = 'expired' and t.source = 'expiry'
        )
        - (
            select coalesce(sum(r.revoked - r.reclaimed), 0) from tenantry.credit_revocations as r
            where r.organization_id = p_organization_id and r.lot_id = l.id
        )
    ), 0)::bigint
    from tenantry.granted_credits as g
    join tenantry.credit_lots as l on l.organization_id = p_organization_id and l.id = any (g.lots)
    where g.organization_id = p_organization_id and g.source = any (p_sources) and g.source_id = p_source_id
      and g.starts_at = p_starts_at;
end;

comment on function tenantry.spent_credits(uuid, text[], uuid, timestamptz) is
    'The credits that were spent from grants of one period. The caller holds the account''s lock.';
revoke all on function tenantry.spent_credits from public, anon, authenticated, service_role;
