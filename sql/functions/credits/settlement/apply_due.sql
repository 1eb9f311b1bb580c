-- Takes what falls due at one moment: holds lapse, then lots expire, then future grants take effect, then the
-- subscription renews or ends.
--
-- p_at: the moment; nothing earlier is left to take. The caller holds the account's lock and has allocated all
-- consumption.
create or replace function tenantry.apply_due(p_organization_id uuid, p_at timestamptz) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_lapsed bigint;
    v_lot tenantry.credit_lots;
    v_entry public.credit_transactions;
begin
    with ended as (
        update tenantry.credit_holds as h
        set state = 'lapsed', ended_at = h.expires_at
        where h.organization_id = p_organization_id and h.state = 'active' and h.expires_at <= p_at
        returning h.remaining
    )
    select sum(remaining) into v_lapsed from ended;
    if v_lapsed > 0 then
        update public.organizations set credits_reserved = credits_reserved - v_lapsed where id = p_organization_id;
    end if;

    update tenantry.credit_lots as l
    set expired_at = l.expires_at
    where l.organization_id = p_organization_id and l.remaining > 0
      and l.entry_number is not null and l.expired_at is null and l.expires_at <= p_at;
    perform tenantry.expire_lots(p_organization_id, p_at, coalesce(v_lapsed, 0)::integer);

    for v_lot in
        select * from tenantry.credit_lots as l
        where l.organization_id = p_organization_id and l.remaining > 0
          and l.entry_number is null and l.effective_at <= p_at
        order by l.effective_at, l.id
    loop
        v_entry := null;
        v_entry.id := v_lot.id;
        v_entry.organization_id := p_organization_id;
        v_entry.transaction_type := v_lot.transaction_type;
        v_entry.amount := v_lot.amount;
        v_entry.source := v_lot.source;
        v_entry.source_id := v_lot.source_id;
        v_entry.expires_at := nullif(v_lot.expires_at, 'infinity');
        v_entry.stripe_payment_intent_id := v_lot.stripe_payment_intent_id;
        v_entry.description := v_lot.description;
        v_entry.metadata := v_lot.metadata;
        v_entry := tenantry.append_entry(v_entry, p_at);
        update tenantry.credit_lots as l
        set entry_number = v_entry.entry_number
        where l.organization_id = p_organization_id and l.id = v_lot.id;
        if v_lot.source = 'subscription' then
            perform tenantry.roll_over_credits(
                p_organization_id, v_lot.source_id, v_lot.effective_at, v_lot.expires_at, p_at);
        end if;
    end loop;

    perform tenantry.advance_subscription(p_organization_id, p_at);
end
$$;

comment on function tenantry.apply_due(uuid, timestamptz) is
    'Takes what falls due at one moment: lapsing holds, expiring lots, grants that take effect, the subscription.';
revoke all on function tenantry.apply_due from public, anon, authenticated, service_role;
