-- Writes off the credits of expired lots, except credits under a hold that was made before the lot expired.
--
-- A hold keeps the credits that would be spent first. So the function goes through the expired lots in the order of
-- spending. A lot keeps the credits that the holds from before its expiry keep, less those that earlier lots keep for
-- them.
--
-- project_lots() has the same rule in closed form, for reads.
--
-- p_at: the time of the entries.
-- p_held: credits of holds that have just ended. They were not available before, so their expiry is no fall of the
-- available credits and records no low balance.
-- Locks: none of its own. The caller holds the account's lock and has allocated all consumption.
create or replace function tenantry.expire_lots(
    p_organization_id uuid,
    p_at timestamptz,
    p_held integer
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_lot tenantry.credit_lots;
    v_entry public.credit_transactions;
    v_held bigint;
    v_kept bigint := 0;
    v_keep integer;
    v_held_left integer := p_held;
begin
    for v_lot in
        select * from tenantry.credit_lots as l
        where l.organization_id = p_organization_id and l.remaining > 0 and l.expired_at is not null
        order by l.expires_at, l.priority, l.entry_number, l.id
    loop
        select coalesce(sum(h.remaining), 0) into v_held
        from tenantry.credit_holds as h
        where h.organization_id = p_organization_id and h.state = 'active' and h.created_at < v_lot.expires_at;
        v_keep := least(v_lot.remaining, greatest(v_held - v_kept, 0));
        v_kept := v_kept + v_keep;
        continue when v_keep = v_lot.remaining;

        v_entry := null;
        v_entry.organization_id := p_organization_id;
        v_entry.transaction_type := 'expired';
        v_entry.amount := v_keep - v_lot.remaining;
        v_entry.source := 'expiry';
        v_entry.source_id := v_lot.id;
        v_entry := tenantry.append_entry(v_entry, p_at, v_held_left);
        v_held_left := greatest(v_held_left + v_entry.amount, 0);
        perform tenantry.debit_lot(v_entry, v_lot.id, v_entry.balance_after, - v_entry.amount);
    end loop;
end
$$;

comment on function tenantry.expire_lots(uuid, timestamptz, integer) is
    'Writes an expired entry for each expired lot, for the credits that no older hold keeps.';
revoke all on function tenantry.expire_lots from public, anon, authenticated, service_role;
