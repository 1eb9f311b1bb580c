-- Writes a consumption and its account, if the account allows it.
--
-- The condition of the update decides: the organization is active, nothing has fallen due, the available credits cover
-- the amount, and no consumption has the same request_id yet. Callers that hold the account's lock use append_entry().
--
-- p_entry: the consumption (amount below 0) without number, balance and time. The function fills them.
-- Returns the entry. Returns null, and leaves the account as it was, if a condition does not hold or if another session
-- wrote the request_id first.
-- Locks: the organization's row.
-- Raises: constraint violations only.
-- Callers: spend_credits().
create or replace function tenantry.append_consumption(p_entry public.credit_transactions)
returns public.credit_transactions
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_account public.organizations;
    v_number bigint;
    v_time timestamptz;
    v_balance integer;
    v_is_watched boolean;
    v_id uuid;
begin
    -- Two plain statements. PostgreSQL would set up a single statement with both again whenever the account was locked.
    -- The values that are known already are not read back: to form and take apart whole rows would cost as much as to
    -- write them.
    update public.organizations as o
    set credit_balance = o.credit_balance + p_entry.amount,
        credits_entry_number = o.credits_entry_number + 1,
        credits_entry_at = greatest(tenantry.clock(), o.credits_entry_at)
    where o.id = p_entry.organization_id
      and o.is_active
      and (o.credits_settle_at <= tenantry.clock()) is not true
      and o.credit_balance - o.credits_reserved >= - p_entry.amount
      and not exists (
          select from public.credit_transactions as made
          where made.organization_id = p_entry.organization_id
            and made.idempotency_key = p_entry.idempotency_key
            and made.transaction_type = 'consumed'
      )
    returning o.credits_entry_number, o.credits_entry_at, o.credit_balance,
        coalesce(o.low_balance_threshold, o.auto_top_up_threshold) is not null
    into v_number, v_time, v_balance, v_is_watched;
    if v_number is null then
        return null;
    end if;

    insert into public.credit_transactions as t (
        id, organization_id, transaction_type, amount, balance_after, source, source_id, credit_event_id,
        stripe_payment_intent_id, description, metadata, created_at, entry_number, quantity, idempotency_key
    )
    values (
        tenantry.uuid_v7(), p_entry.organization_id, 'consumed', p_entry.amount,
        v_balance, p_entry.source, p_entry.source_id, p_entry.credit_event_id,
        p_entry.stripe_payment_intent_id, p_entry.description, p_entry.metadata, v_time, v_number,
        p_entry.quantity, p_entry.idempotency_key
    )
    on conflict (organization_id, idempotency_key)
    where transaction_type = 'consumed' and idempotency_key is not null do nothing
    returning t.id into v_id;

    if v_id is null then
        -- Another session wrote the request_id while this call waited for the lock. The update is undone by hand: a
        -- savepoint for every consumption would cost more than this rare second update.
        update public.organizations as o
        set credit_balance = o.credit_balance - p_entry.amount,
            credits_entry_number = o.credits_entry_number - 1,
            credits_entry_at = last.created_at
        from public.credit_transactions as last
        where o.id = p_entry.organization_id
          and last.organization_id = o.id
          and last.entry_number = o.credits_entry_number - 1;
        return null;
    end if;
    if v_is_watched then
        select * into v_account from public.organizations where id = p_entry.organization_id;
        perform tenantry.on_balance_fall(v_account, - p_entry.amount);
    end if;
    p_entry.id := v_id;
    p_entry.balance_after := v_balance;
    p_entry.created_at := v_time;
    p_entry.entry_number := v_number;
    return p_entry;
end
$$;

comment on function tenantry.append_consumption(public.credit_transactions) is
    'Writes a consumption and its account. Returns null when the account does not allow it or the request_id is taken.';
revoke all on function tenantry.append_consumption from public, anon, authenticated, service_role;
