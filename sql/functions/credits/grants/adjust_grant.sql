-- Adjusts a grant to its target: grants the difference or takes it back.
--
-- A grant is the credits of one period of a subscription or of one purchase. The caller works out the target and need
-- not know the earlier grants: the same target moves credits once, however often the caller asks for it.
--
-- The credits of a period are taken back from its own lots only: purchased credits do not pay for a change of plan. The
-- credits of a purchase are taken from other lots too, because its money went back. Credits that were spent already are
-- recorded as a shortfall. A later grant pays for the shortfall first.
--
-- p_target: the grant after the call. organization_id, source (subscription, rollover or purchase), source_id (of the
-- subscription or purchase) and starts_at identify it. credits is the total of the grant, and ends_at its end (infinity
-- for never). The function fills shortfall and lots.
-- p_at: the present time. If the last entry is later, the time of that entry counts.
-- Locks: none of its own. The caller holds the account's lock and has settled the account.
-- Raises: TN010 for a purchase. A period grants no more than the account can hold.
create or replace function tenantry.adjust_grant(
    p_target tenantry.granted_credits,
    p_stripe_payment_intent_id text,
    p_description text,
    p_at timestamptz
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_granted tenantry.granted_credits;
    -- Credits that are still to be granted (above 0) or taken back (below 0).
    v_change integer;
    v_end_moved boolean;
    v_part record;
    v_amount integer;
    v_revocation tenantry.credit_revocations;
    -- Credits that were taken back, or have expired, because their end moved: they are granted again until the new end.
    v_returned integer := 0;
    v_expired integer;
    v_paid_shortfall integer;
    v_account public.organizations;
    v_at timestamptz;
    v_entry public.credit_transactions;
begin
    select * into v_account from public.organizations where id = p_target.organization_id;
    v_at := greatest(p_at, v_account.credits_entry_at);
    select * into v_granted
    from tenantry.granted_credits as g
    where g.organization_id = p_target.organization_id and g.source = p_target.source
      and g.source_id = p_target.source_id and g.starts_at = p_target.starts_at;
    if not found then
        if p_target.credits = 0 or p_target.ends_at <= v_at then
            return;
        end if;
        v_granted := p_target;
        v_granted.credits := 0;
        v_granted.shortfall := 0;
        v_granted.lots := '{}';
    end if;
    v_change := p_target.credits - v_granted.credits;
    v_end_moved := v_granted.ends_at <> p_target.ends_at;
    if v_change = 0 and not v_end_moved then
        return;
    end if;

    -- The newest lot or pending grant first.
    for v_part in
        select p.id is not null as is_pending, g.id, l.amount, coalesce(l.remaining, p.amount) as remaining,
            l.expired_at = v_granted.ends_at as has_expired
        from unnest(v_granted.lots) with ordinality as g (id, position)
        left join tenantry.credit_lots as l on l.organization_id = p_target.organization_id and l.id = g.id
        left join tenantry.pending_grants as p
            on p.organization_id = p_target.organization_id and p.id = g.id and p.cancelled_at is null
        where (v_change < 0 or v_end_moved) and num_nonnulls(l.id, p.id) > 0
        order by g.position desc
    loop
        if v_end_moved and v_part.has_expired then
            -- The credits have expired, and the end is later after all.
            select coalesce(sum(- t.amount), 0) into v_expired
            from public.credit_transactions as t
            where t.organization_id = p_target.organization_id and t.source_id = v_part.id
              and t.transaction_type = 'expired' and t.source = 'expiry';
            v_returned := v_returned + v_expired;
        end if;
        v_amount := case when v_end_moved then v_part.remaining else - v_change end;
        if v_part.is_pending then
            v_amount := least(v_amount, v_part.remaining);
        else
            select least(v_amount, v_part.amount - coalesce(sum(r.amount), 0)) into v_amount
            from tenantry.credit_revocations as r
            where r.organization_id = p_target.organization_id and r.lot_id = v_part.id;
        end if;
        continue when v_amount <= 0;
        if v_part.is_pending then
            v_revocation := tenantry.revoke_from_pending_grant(
                p_target.organization_id, v_part.id, v_amount, p_description, null, v_at);
        else
            v_revocation := tenantry.revoke_from_lot(
                p_target.organization_id, v_part.id, v_amount,
                case when p_target.source <> 'purchase' then v_part.remaining end, p_description, null, null, v_at);
        end if;
        if v_end_moved then
            v_returned := v_returned + v_revocation.revoked;
        else
            v_change := v_change + v_amount;
            v_granted.shortfall := v_granted.shortfall + v_amount - v_revocation.revoked;
            exit when v_change = 0;
        end if;
    end loop;

    if v_change < 0 then
        -- The lots never held these credits, because they paid for a shortfall. They are a shortfall again.
        v_granted.shortfall := v_granted.shortfall + greatest(- v_change - v_returned, 0);
        v_amount := greatest(v_returned + v_change, 0);
    else
        v_paid_shortfall := least(v_change, v_granted.shortfall);
        v_granted.shortfall := v_granted.shortfall - v_paid_shortfall;
        v_amount := v_returned + v_change - v_paid_shortfall;
    end if;
    select * into v_account from public.organizations where id = p_target.organization_id;
    if p_target.source = 'purchase' then
        perform tenantry.require_balance_in_range(v_account, v_amount);
    else
        v_amount := least(v_amount, greatest(
            2147483647 - v_account.credit_balance - tenantry.sum_pending_grants(v_account.id), 0));
    end if;
    if v_amount > 0 and p_target.ends_at > v_at then
        v_entry.organization_id := p_target.organization_id;
        v_entry.transaction_type := case when p_target.source = 'purchase' then 'purchased' else 'earned' end;
        v_entry.amount := v_amount;
        v_entry.source := p_target.source;
        v_entry.source_id := p_target.source_id;
        v_entry.expires_at := nullif(p_target.ends_at, 'infinity');
        v_entry.stripe_payment_intent_id := p_stripe_payment_intent_id;
        v_entry.description := p_description;
        if p_target.starts_at > v_at then
            v_granted.lots := v_granted.lots || tenantry.open_pending_grant(v_entry, null, p_target.starts_at);
        else
            v_granted.lots := v_granted.lots || (tenantry.open_lot(v_entry, null, v_at)).id;
        end if;
    end if;

    insert into tenantry.granted_credits (
        organization_id, source, source_id, starts_at, ends_at, credits, shortfall, lots
    )
    values (
        p_target.organization_id, p_target.source, p_target.source_id, p_target.starts_at, p_target.ends_at,
        p_target.credits, v_granted.shortfall, v_granted.lots
    )
    on conflict (organization_id, source, source_id, starts_at) do update
    set ends_at = excluded.ends_at,
        credits = excluded.credits,
        shortfall = excluded.shortfall,
        lots = excluded.lots;
end
$$;

comment on function tenantry.adjust_grant(tenantry.granted_credits, text, text, timestamptz) is
    'Adjusts the grant of a period or a purchase to its target. The caller holds the account''s lock.';
revoke all on function tenantry.adjust_grant from public, anon, authenticated, service_role;
