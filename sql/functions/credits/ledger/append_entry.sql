-- Writes a ledger entry and its account, for a caller that holds the account's lock and has settled the account.
--
-- The caller has checked that the account allows the entry, and records the lots that the entry moves.
-- append_consumption() writes a consumption without the lock.
--
-- For an amount below 0 it also calls on_balance_fall(), which can record a low_balance event and start an automatic
-- top-up. An entry of the type expired can start a top-up. An entry of the type revoked starts none: its money was
-- given back, and a top-up would charge the customer again.
--
-- p_entry: the entry without number, balance and time. The function fills them. The id may be given.
-- p_at: the time of the entry. If the entry before it is later, the entry gets the time of that one.
-- p_held: credits of the amount that were under a hold until now, and were not available.
-- p_reclaimed: credits of the amount that an entry just before brought for it. The balance did not have them before.
-- Returns the entry.
-- Locks: the organization's row, which the caller has locked already.
-- Raises: constraint violations only.
create or replace function tenantry.append_entry(
    p_entry public.credit_transactions,
    p_at timestamptz,
    p_held integer default 0,
    p_reclaimed integer default 0
) returns public.credit_transactions
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_account public.organizations;
begin
    update public.organizations as o
    set credit_balance = o.credit_balance + p_entry.amount,
        credits_entry_number = o.credits_entry_number + 1,
        credits_entry_at = greatest(p_at, o.credits_entry_at),
        credits_settled_entry = o.credits_entry_number + 1
    where o.id = p_entry.organization_id
    returning * into v_account;
    p_entry.id := coalesce(p_entry.id, tenantry.uuid_v7());
    p_entry.balance_after := v_account.credit_balance;
    p_entry.created_at := v_account.credits_entry_at;
    p_entry.entry_number := v_account.credits_entry_number;
    insert into public.credit_transactions (
        id, organization_id, transaction_type, amount, balance_after, source, source_id, credit_event_id,
        expires_at, stripe_payment_intent_id, description, metadata, created_at, entry_number, quantity,
        idempotency_key
    )
    values (
        p_entry.id, p_entry.organization_id, p_entry.transaction_type, p_entry.amount, p_entry.balance_after,
        p_entry.source, p_entry.source_id, p_entry.credit_event_id, p_entry.expires_at,
        p_entry.stripe_payment_intent_id, p_entry.description, p_entry.metadata, p_entry.created_at,
        p_entry.entry_number, p_entry.quantity, p_entry.idempotency_key
    );
    if p_entry.amount < 0 then
        perform tenantry.on_balance_fall(
            v_account, - p_entry.amount - p_held,
            case when p_entry.transaction_type = 'revoked' then 0 else - p_entry.amount - p_reclaimed end);
    end if;
    return p_entry;
end
$$;

comment on function tenantry.append_entry(public.credit_transactions, timestamptz, integer, integer) is
    'Writes one ledger entry and its account. The caller holds the account''s lock.';
revoke all on function tenantry.append_entry from public, anon, authenticated, service_role;
