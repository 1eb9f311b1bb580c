-- Takes back credits of a lot: what is left of it, then of others in spending order; of a lot that is still to come,
-- so that it brings less. Never what is held.
--
-- p_account: the row, locked and settled. p_amount: credits to take back, no more than the lot brought and has not
-- given back yet. p_limit: credits to take at most; null for no limit.
-- p_at: the time to stamp with. Returns the revocation that it records.
create or replace function tenantry.revoke_from_lot(
    p_account public.organizations,
    p_lot tenantry.credit_lots,
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
    v_new public.credit_transactions;
    v_entry public.credit_transactions;
    v_revoked integer := p_amount;
    v_revocation tenantry.credit_revocations;
begin
    if p_lot.entry_number is null then
        update tenantry.credit_lots as l
        set remaining = l.remaining - p_amount,
            amount = case when l.remaining = p_amount then l.amount else l.amount - p_amount end
        where l.organization_id = p_account.id and l.id = p_lot.id;
    else
        v_revoked := least(p_amount, p_limit, p_account.credit_balance - p_account.credits_reserved);
        if v_revoked > 0 then
            v_new.organization_id := p_account.id;
            v_new.transaction_type := 'revoked';
            v_new.amount := - v_revoked;
            v_new.source := 'revocation';
            v_new.source_id := p_lot.id;
            v_new.stripe_payment_intent_id := p_lot.stripe_payment_intent_id;
            v_new.description := p_description;
            v_new.metadata := p_metadata;
            v_new.idempotency_key := p_request_id;
            v_entry := tenantry.append_entry(v_new, p_at, true);
            perform tenantry.debit_lots(v_entry, p_lot.id);
        end if;
    end if;
    perform tenantry.schedule_settlement(p_account.id);
    insert into tenantry.credit_revocations (
        organization_id, id, lot_id, amount, revoked, was_pending, credit_transaction_id, description, metadata,
        idempotency_key, created_at
    )
    values (
        p_account.id, tenantry.uuid_v7(), p_lot.id, p_amount, v_revoked, p_lot.entry_number is null, v_entry.id,
        p_description, p_metadata, p_request_id, p_at
    )
    returning * into v_revocation;
    return v_revocation;
end
$$;

comment on function tenantry.revoke_from_lot(
    public.organizations, tenantry.credit_lots, integer, integer, text, jsonb, text, timestamptz
) is 'Takes credits of a lot back, as far as they can be, and records it. The caller holds the lock.';
revoke all on function tenantry.revoke_from_lot from public, anon, authenticated, service_role;
