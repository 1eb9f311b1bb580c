-- Brings what a period of a subscription, or a purchase, has granted to what it is to grant: grants the difference, or
-- takes it back. Called as often as one likes, it moves credits once, so whoever works out what is due need not know
-- what was granted before.
--
-- What a period brought is taken back from its own lots only: purchased credits do not pay for a change of plan. What a
-- purchase brought is taken back from others too, as its money went back. What had been spent by then is remembered as
-- a shortfall, which credits that are granted again pay for first.
--
-- p_account: the row, locked and settled; it is read again. p_source: subscription, rollover or purchase. p_source_id:
-- the subscription or purchase. p_starts_at: when the credits come; with the source it is what the credits are known
-- by.
-- p_ends_at: when they expire; infinity for never. p_credits: what is to be granted in all. p_at: the present time.
-- Raises TN010 for a purchase; a period brings no more than the account can hold.
create or replace function tenantry.adjust_grant(
    p_account public.organizations,
    p_source text,
    p_source_id uuid,
    p_starts_at timestamptz,
    p_ends_at timestamptz,
    p_credits integer,
    p_stripe_payment_intent_id text,
    p_description text,
    p_at timestamptz
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_granted tenantry.granted_credits;
    v_account public.organizations;
    v_change integer;
    v_moved integer := 0;
    v_lot tenantry.credit_lots;
    v_back integer;
    v_revocation tenantry.credit_revocations;
    v_new public.credit_transactions;
begin
    select * into v_granted
    from tenantry.granted_credits as g
    where g.organization_id = p_account.id and g.source = p_source and g.source_id = p_source_id
      and g.starts_at = p_starts_at;
    if not found then
        if p_credits = 0 or p_ends_at <= p_at then
            return;
        end if;
        v_granted := row(p_account.id, p_source, p_source_id, p_starts_at, p_ends_at, 0, 0, '{}');
    end if;
    v_change := p_credits - v_granted.credits;
    if v_change = 0 and v_granted.ends_at = p_ends_at then
        return;
    end if;

    select * into v_account from public.organizations where id = p_account.id;
    -- From the newest lot on; all that is left where the end has moved, to be granted again until the new one.
    for v_lot in
        select l.* from unnest(v_granted.lots) with ordinality as g (id, position)
        join tenantry.credit_lots as l on l.organization_id = p_account.id and l.id = g.id
        where v_change < 0 or v_granted.ends_at <> p_ends_at
        order by g.position desc
    loop
        v_back := case when v_granted.ends_at <> p_ends_at then v_lot.remaining else - v_change end;
        if v_lot.entry_number is null then
            v_back := least(v_back, v_lot.remaining);
        else
            select least(v_back, v_lot.amount - coalesce(sum(r.amount), 0)) into v_back
            from tenantry.credit_revocations as r
            where r.organization_id = p_account.id and r.lot_id = v_lot.id and not r.was_pending;
        end if;
        continue when v_back <= 0;
        v_revocation := tenantry.revoke_from_lot(
            v_account, v_lot, v_back, case when p_source <> 'purchase' then v_lot.remaining end, p_description, null,
            null, p_at);
        if v_granted.ends_at <> p_ends_at then
            v_moved := v_moved + v_revocation.revoked;
        else
            v_change := v_change + v_back;
            v_granted.shortfall := v_granted.shortfall + v_back - v_revocation.revoked;
        end if;
        select * into v_account from public.organizations where id = p_account.id;
        exit when v_change = 0 and v_granted.ends_at = p_ends_at;
    end loop;

    if v_change > 0 then
        v_back := least(v_change, v_granted.shortfall);
        v_granted.shortfall := v_granted.shortfall - v_back;
        v_moved := v_moved + v_change - v_back;
    elsif v_change < 0 then
        -- Also what its lots never held, as it had paid for a shortfall: that is one again.
        v_granted.shortfall := v_granted.shortfall + greatest(- v_change - v_moved, 0);
        v_moved := greatest(v_moved + v_change, 0);
    end if;
    if p_source = 'purchase' then
        perform tenantry.require_balance_in_range(v_account, v_moved);
    else
        v_moved := least(v_moved, greatest(
            2147483647 - v_account.credit_balance - tenantry.sum_pending_grants(p_account.id), 0));
    end if;
    if v_moved > 0 and p_ends_at > p_at then
        v_new.organization_id := p_account.id;
        v_new.transaction_type := case when p_source = 'purchase' then 'purchased' else 'earned' end;
        v_new.amount := v_moved;
        v_new.source := p_source;
        v_new.source_id := p_source_id;
        v_new.expires_at := nullif(p_ends_at, 'infinity');
        v_new.stripe_payment_intent_id := p_stripe_payment_intent_id;
        v_new.description := p_description;
        if p_starts_at > p_at then
            v_lot := tenantry.open_pending_lot(v_new, null, p_starts_at);
            v_granted.lots := v_granted.lots || v_lot.id;
        else
            v_new := tenantry.open_lot(v_new, p_source = 'purchase', null, p_at);
            v_granted.lots := v_granted.lots || v_new.id;
        end if;
    end if;

    insert into tenantry.granted_credits
    select v_granted.organization_id, p_source, p_source_id, p_starts_at, p_ends_at, p_credits, v_granted.shortfall,
        v_granted.lots
    on conflict (organization_id, source, source_id, starts_at) do update
    set ends_at = excluded.ends_at, credits = excluded.credits, shortfall = excluded.shortfall, lots = excluded.lots;
end
$$;

comment on function tenantry.adjust_grant(
    public.organizations, text, uuid, timestamptz, timestamptz, integer, text, text, timestamptz
) is 'Grants or takes back what a period or a purchase still lacks or has too much of. The caller holds the lock.';
revoke all on function tenantry.adjust_grant from public, anon, authenticated, service_role;
