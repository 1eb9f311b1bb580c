-- The one place that writes the ledger: one entry, and the account that it moves.
--
-- p_entry: the entry without its number, balance and time, which it gets here, under the account's lock; its id
-- may be given. An entry without an idempotency key always makes a new row.
-- p_at: null for a consumption that takes its chance: it is written only if the organization is active, nothing
-- has fallen due and the available credits cover it. Given by a caller who holds the account's lock, has settled
-- it and checked all that: the time that the entry is stamped with (never before the entry ahead of it).
-- p_allocated: the caller records which lots the entry moved; otherwise settlement works it out later.
-- p_held: how many of the credits that the entry takes were under a hold until now, so not available before.
--
-- Returns the entry. Returns null if it was not written because the conditions do not hold, or because its
-- idempotency key was written first by somebody else; the account is then as it was.
-- Locks: the organization's row. Raises: constraint violations only.
create or replace function tenantry.append_entry(
    p_entry public.credit_transactions,
    p_at timestamptz default null,
    p_allocated boolean default false,
    p_held integer default 0
) returns public.credit_transactions
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
    -- Two statements: in one, PostgreSQL would set up both again whenever the account was locked. And what is known
    -- already is not read back: forming and taking apart whole rows would cost as much as writing them.
    update public.organizations as o
    set credit_balance = o.credit_balance + p_entry.amount,
        credits_entry_number = o.credits_entry_number + 1,
        credits_entry_at = greatest(coalesce(p_at, tenantry.clock()), o.credits_entry_at),
        credits_settled_entry =
            case when p_allocated then o.credits_entry_number + 1 else o.credits_settled_entry end
    where o.id = p_entry.organization_id
      and (p_at is not null or (
          o.is_active
          and (o.credits_settle_at <= tenantry.clock()) is not true
          and o.credit_balance - o.credits_reserved >= - p_entry.amount
          and not exists (
              select from public.credit_transactions as made
              where made.organization_id = p_entry.organization_id
                and made.idempotency_key = p_entry.idempotency_key
          )
      ))
    returning o.credits_entry_number, o.credits_entry_at, o.credit_balance,
        coalesce(o.low_balance_threshold, o.auto_top_up_threshold) is not null
    into v_number, v_time, v_balance, v_is_watched;

    if v_number is not null then
        insert into public.credit_transactions as t (
            id, organization_id, transaction_type, amount, balance_after, source, source_id, credit_event_id,
            expires_at, stripe_payment_intent_id, description, metadata, created_at, entry_number, quantity,
            idempotency_key
        )
        values (
            coalesce(p_entry.id, tenantry.uuid_v7()), p_entry.organization_id, p_entry.transaction_type, p_entry.amount,
            v_balance, p_entry.source, p_entry.source_id, p_entry.credit_event_id,
            p_entry.expires_at, p_entry.stripe_payment_intent_id, p_entry.description, p_entry.metadata,
            v_time, v_number, p_entry.quantity, p_entry.idempotency_key
        )
        on conflict (organization_id, idempotency_key) where idempotency_key is not null do nothing
        returning t.id into v_id;
    end if;

    if v_id is null then
        if v_number is not null then
            -- The key was taken while this call waited for the lock. Undone by hand: a savepoint for every
            -- consumption would cost more than this rare second update.
            update public.organizations as o
            set credit_balance = o.credit_balance - p_entry.amount,
                credits_entry_number = o.credits_entry_number - 1,
                credits_entry_at = last.created_at
            from public.credit_transactions as last
            where o.id = p_entry.organization_id
              and last.organization_id = o.id
              and last.entry_number = o.credits_entry_number - 1;
        end if;
        return null;
    end if;
    if v_is_watched and p_entry.amount < 0 then
        select * into v_account from public.organizations where id = p_entry.organization_id;
        perform tenantry.on_balance_fall(v_account, - p_entry.amount - p_held, p_entry.transaction_type <> 'revoked');
    end if;
    p_entry.id := v_id;
    p_entry.balance_after := v_balance;
    p_entry.created_at := v_time;
    p_entry.entry_number := v_number;
    return p_entry;
end
$$;

comment on function tenantry.append_entry(public.credit_transactions, timestamptz, boolean, integer) is
    'Writes one ledger entry and its account. Null when the account does not allow it or the key is taken.';
revoke all on function tenantry.append_entry from public, anon, authenticated, service_role;
