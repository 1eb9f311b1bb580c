-- Takes owed credits as soon as a hold has freed them. Owed credits are credits that a revocation was to take back and
-- that were under a hold. The oldest revocation is served first. Owed credits that the hold has captured are a
-- shortfall from now on, because no held credits are left to pay for them.
--
-- p_freed: credits that have just left a hold and were not captured.
-- p_at: the time of the entries.
-- Locks: none of its own. The caller holds the account's lock, and has allocated all consumption.
create or replace function tenantry.collect_owed(
    p_organization_id uuid,
    p_freed integer,
    p_at timestamptz
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_debt tenantry.credit_revocations;
    v_account public.organizations;
    v_lot tenantry.credit_lots;
    v_freed integer := p_freed;
    v_left bigint := 0;
    v_taken integer;
    v_owed integer;
    v_entry public.credit_transactions;
begin
    for v_debt in
        select * from tenantry.credit_revocations as r
        where r.organization_id = p_organization_id and r.owed > 0
        order by r.created_at, r.id
    loop
        select * into v_account from public.organizations where id = p_organization_id;
        select * into v_lot from tenantry.credit_lots where organization_id = p_organization_id and id = v_debt.lot_id;
        v_taken := greatest(least(
            v_debt.owed, v_freed, v_account.credit_balance - v_account.credits_reserved,
            case when v_debt.is_own_lot_only then case when v_lot.expired_at is null then v_lot.remaining else 0 end end
        ), 0);
        if v_taken > 0 then
            v_entry := null;
            v_entry.organization_id := p_organization_id;
            v_entry.transaction_type := 'revoked';
            v_entry.amount := - v_taken;
            v_entry.source := 'revocation';
            v_entry.source_id := v_debt.lot_id;
            v_entry.description := v_debt.description;
            v_entry.metadata := v_debt.metadata;
            v_entry := tenantry.append_entry(v_entry, p_at, v_taken);
            perform tenantry.debit_lots(v_entry, v_debt.lot_id);
            v_freed := v_freed - v_taken;
            update tenantry.granted_credits as g
            set shortfall = greatest(g.shortfall - v_taken, 0)
            where g.organization_id = p_organization_id and v_debt.lot_id = any (g.lots);
        end if;
        v_owed := least(
            v_debt.owed - v_taken, v_account.credits_reserved - v_left,
            case when v_debt.is_own_lot_only then v_lot.remaining - v_taken end);
        v_left := v_left + v_owed;
        update tenantry.credit_revocations as r
        set revoked = r.revoked + v_taken, owed = v_owed
        where r.organization_id = p_organization_id and r.id = v_debt.id;
    end loop;
end
$$;

comment on function tenantry.collect_owed(uuid, integer, timestamptz) is
    'Takes owed credits that a hold has freed; captured ones become a shortfall. The caller holds the account''s lock.';
revoke all on function tenantry.collect_owed from public, anon, authenticated, service_role;
