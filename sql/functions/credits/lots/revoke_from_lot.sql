-- Takes credits of a lot back: from that lot first, then from the others in spending order. A lot that is still to come
-- brings less. Credits under a hold are never taken.
--
-- p_amount: credits to take back, at most as many as the lot brought and has not given back yet.
-- p_limit: credits to take at most; null for no limit.
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
    v_lot tenantry.credit_lots;
    v_new public.credit_transactions;
    v_entry public.credit_transactions;
    v_revoked integer := p_amount;
    v_revocation tenantry.credit_revocations;
begin
    select * into v_lot from tenantry.credit_lots where organization_id = p_organization_id and id = p_lot_id;
    if v_lot.entry_number is null then
        update tenantry.credit_lots as l
        set remaining = l.remaining - p_amount,
            amount = case when l.remaining = p_amount then l.amount else l.amount - p_amount end
        where l.organization_id = p_organization_id and l.id = p_lot_id;
    else
        select least(p_amount, p_limit, o.credit_balance - o.credits_reserved) into v_revoked
        from public.organizations as o
        where o.id = p_organization_id;
        if v_revoked > 0 then
            v_new.organization_id := p_organization_id;
            v_new.transaction_type := 'revoked';
            v_new.amount := - v_revoked;
            v_new.source := 'revocation';
            v_new.source_id := p_lot_id;
            v_new.stripe_payment_intent_id := v_lot.stripe_payment_intent_id;
            v_new.description := p_description;
            v_new.metadata := p_metadata;
            v_new.idempotency_key := p_request_id;
            v_entry := tenantry.append_entry(v_new, p_at);
            perform tenantry.debit_lots(v_entry, p_lot_id);
        end if;
    end if;
    perform tenantry.schedule_settlement(p_organization_id);
    insert into tenantry.credit_revocations (
        organization_id, id, lot_id, amount, revoked, was_pending, credit_transaction_id, description, metadata,
        idempotency_key, created_at
    )
    values (
        p_organization_id, tenantry.uuid_v7(), p_lot_id, p_amount, v_revoked, v_lot.entry_number is null, v_entry.id,
        p_description, p_metadata, p_request_id, p_at
    )
    returning * into v_revocation;
    return v_revocation;
end
$$;

comment on function tenantry.revoke_from_lot(uuid, uuid, integer, integer, text, jsonb, text, timestamptz) is
    'Takes credits of a lot back, as far as they can be, and records it. The caller holds the account''s lock.';
revoke all on function tenantry.revoke_from_lot from public, anon, authenticated, service_role;
