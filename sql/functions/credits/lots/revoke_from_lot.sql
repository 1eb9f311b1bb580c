-- Takes credits of a lot back: from that lot first, then from the others in spending order.
--
-- Credits under a hold are taken too. The hold stays, so the credits that it holds can be more than the balance. A
-- release frees only what the balance covers, and new credits cover the hold first. A capture still succeeds:
-- reclaim_revoked() gives it the credits that the account lacks. Expired credits that only a hold keeps are not taken.
--
-- p_amount: credits to take back, at most as many as the lot brought and has not given back yet.
-- p_limit: credits to take at most; null for no limit.
-- p_request_id: the entry shows it.
-- p_at: the time of the entry and of the revocation.
-- Returns the revocation that it records.
-- Locks: none of its own. The caller holds the account's lock and has settled it.
create or replace function tenantry.revoke_from_lot(
    p_organization_id uuid,
    p_lot_id uuid,
    p_amount integer,
    p_limit integer,
    p_description text,
    p_metadata jsonb,
    p_request_id text,
    p_at timestamptz
) returns tenantry.credit_revocations
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_revoked integer;
    v_held integer;
    v_entry public.credit_transactions;
    v_revocation tenantry.credit_revocations;
begin
    select
        least(p_amount, p_limit, live.credits),
        greatest(least(p_amount, p_limit, live.credits) - greatest(o.credit_balance - o.credits_reserved, 0), 0)
    into v_revoked, v_held
    from public.organizations as o
    cross join (
        select coalesce(sum(l.remaining), 0)::integer as credits
        from tenantry.credit_lots as l
        where l.organization_id = p_organization_id and l.remaining > 0 and l.expired_at is null
    ) as live
    where o.id = p_organization_id;
    if v_revoked > 0 then
        v_entry.organization_id := p_organization_id;
        v_entry.transaction_type := 'revoked';
        v_entry.amount := - v_revoked;
        v_entry.source := 'revocation';
        v_entry.source_id := p_lot_id;
        v_entry.stripe_payment_intent_id := (
            select t.stripe_payment_intent_id from public.credit_transactions as t where t.id = p_lot_id
        );
        v_entry.description := p_description;
        v_entry.metadata := p_metadata;
        v_entry.idempotency_key := p_request_id;
        v_entry := tenantry.append_entry(v_entry, p_at, v_held);
        perform tenantry.debit_lots(v_entry, p_lot_id);
    end if;
    perform tenantry.schedule_settlement(p_organization_id);
    insert into tenantry.credit_revocations (
        organization_id, id, lot_id, amount, revoked, held, credit_transaction_id, description, metadata, created_at
    )
    values (
        p_organization_id, tenantry.uuid_v7(), p_lot_id, p_amount, v_revoked, v_held, v_entry.id, p_description,
        p_metadata, p_at
    )
    returning * into v_revocation;
    return v_revocation;
end
$$;

comment on function tenantry.revoke_from_lot(uuid, uuid, integer, integer, text, jsonb, text, timestamptz) is
    'Takes credits of a lot back, as far as they can be, and records it. The caller holds the account''s lock.';
revoke all on function tenantry.revoke_from_lot from public, anon, authenticated, service_role;
