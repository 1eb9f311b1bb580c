-- Gives credits back that a revocation took from under a hold, for a capture of the hold. They count as spent: from now
-- on they are a shortfall of the revocation and of its grant.
--
-- The newest revocation gives first. Each gives by an entry and a lot of its own.
--
-- p_amount: credits that the account lacks for the capture, 0 or more.
-- p_at: the time of the entries.
-- Locks: none of its own. The caller holds the account's lock, has settled it, and spends the credits at once.
-- Raises: an assertion if revocations took fewer held credits. A hold is covered by lots or by revocations.
-- Callers: capture_hold().
create or replace function tenantry.reclaim_revoked(
    p_organization_id uuid,
    p_amount integer,
    p_at timestamptz
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_revocation tenantry.credit_revocations;
    v_entry public.credit_transactions;
    v_amount integer;
    v_left integer := p_amount;
begin
    while v_left > 0 loop
        update tenantry.credit_revocations as r
        set reclaimed = r.reclaimed + least(v_left, r.held - r.reclaimed)
        from (
            select newest.id, newest.held - newest.reclaimed as rest
            from tenantry.credit_revocations as newest
            where newest.organization_id = p_organization_id and newest.held > newest.reclaimed
            order by newest.id desc
            limit 1
        ) as newest
        where r.organization_id = p_organization_id and r.id = newest.id
        returning r.lot_id, least(v_left, newest.rest) into v_revocation.lot_id, v_amount;
        assert found, 'held credits are covered by lots or by revocations';
        v_entry := null;
        v_entry.organization_id := p_organization_id;
        v_entry.transaction_type := 'revoked';
        v_entry.amount := v_amount;
        v_entry.source := 'revocation';
        v_entry.source_id := v_revocation.lot_id;
        perform tenantry.open_lot(v_entry, null, p_at);
        update tenantry.granted_credits as g
        set shortfall = g.shortfall + v_amount
        from tenantry.credit_lots as l
        where l.organization_id = p_organization_id and l.id = v_revocation.lot_id
          and g.organization_id = p_organization_id and g.source = l.source and g.source_id = l.source_id
          and l.id = any (g.lots);
        v_left := v_left - v_amount;
    end loop;
end
$$;

comment on function tenantry.reclaim_revoked(uuid, integer, timestamptz) is
    'Gives revoked credits back to the capture of the hold that they were under. The caller holds the account''s lock.';
revoke all on function tenantry.reclaim_revoked from public, anon, authenticated, service_role;
