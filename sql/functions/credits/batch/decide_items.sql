-- Decides items of a batch one by one. An item that fails gets its error as its decision, and the next item follows.
--
-- batch_consume_credits() itself writes the items of an organization that it can accept all together. It passes all
-- items of the other organizations to this function.
--
-- It reads each account once, decides its items against a running balance, and writes all entries and accounts by one
-- statement.
--
-- p_items: the batch. p_positions: the positions of the items to decide, from 1.
-- p_locked: the accounts in which the caller may spend. An item of any other organization is refused.
-- p_failed: those of them that cannot be settled. An item of such an account is refused (TN048).
-- p_at: the time up to which these accounts are settled, and the time of the entries.
-- Returns decisions at those positions, and null elsewhere.
-- Locks: none of its own. The caller holds the locks of the accounts, and has settled them.
create or replace function tenantry.decide_items(
    p_items jsonb,
    p_positions integer[],
    p_locked uuid[],
    p_failed uuid[],
    p_at timestamptz
) returns public.credit_decision[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    c_number constant text := '^[1-9][0-9]{0,8}$';
    v_count constant integer := jsonb_array_length(p_items);
    v_account public.organizations;
    v_decisions public.credit_decision[];
    v_item record;
    v_read record;
    v_replay public.credit_transactions;
    v_detail text;
    -- The form of an answer and of a refusal.
    v_answer public.credit_decision;
    v_refusal public.credit_decision;
    v_position integer;
    -- The account whose items are being decided.
    v_current uuid;
    v_balance integer;
    v_number bigint;
    v_at timestamptz;
    -- By position of the item: the slot of the new entry that this item, or an earlier one with its request_id, makes.
    -- Null if there is none.
    v_slots integer[];
    -- The entries to write, by slot.
    v_positions integer[] := '{}';
    v_amounts integer[] := '{}';
    v_balances integer[] := '{}';
    v_numbers bigint[] := '{}';
    v_times timestamptz[] := '{}';
    v_entries public.credit_transactions[];
begin
    v_decisions := array_fill(null::public.credit_decision, array[v_count]);
    v_slots := array_fill(null::integer, array[v_count]);

    for v_item in
        with read as (
            select
                i.position, given.item,
                case
                    when tenantry.is_uuid(given.item ->> 'organization_id')
                        then (given.item ->> 'organization_id')::uuid
                end as organization_id,
                given.item ->> 'credit_event' as credit_event,
                case when given.item ->> 'quantity' ~ c_number then (given.item ->> 'quantity')::bigint end as quantity,
                case when given.item ->> 'amount' ~ c_number then (given.item ->> 'amount')::bigint end as amount,
                given.item ->> 'request_id' as request_id
            from unnest(p_positions) as i (position)
            cross join lateral (select p_items -> (i.position - 1)) as given (item)
        )
        select
            r.position, r.item, r.organization_id, r.request_id,
            case when r.credit_event is null then r.amount else coalesce(r.quantity, 1) * e.credit_cost end as cost,
            -- Plainly valid. An item that is not is read in full below.
            (e.is_active and r.item ->> 'amount' is null and (r.quantity is null) = (r.item ->> 'quantity' is null)
                or r.credit_event is null and r.item ->> 'quantity' is null)
                and (r.item ->> 'source_id' is null or tenantry.is_uuid(r.item ->> 'source_id'))
                and coalesce(jsonb_typeof(r.item -> 'metadata'), 'object') = 'object'
                and coalesce(pg_column_size(r.item -> 'metadata'), 0) <= 512
                and coalesce(octet_length(r.item ->> 'description'), 0) <= 4096
                and (r.request_id is null or r.request_id ~ '[^[:space:]]' and length(r.request_id) <= 255)
                and made.id is null
                and o.is_active as is_fit,
            o.id as account_id, o.is_active, o.credits_reserved, o.credit_balance, o.credits_entry_number,
            o.credits_entry_at,
            lag(r.position) over (partition by r.organization_id, r.request_id order by r.position) as previous
        from read as r
        left join public.credit_events as e on e.name = r.credit_event
        left join unnest(p_locked) as locked (id) on locked.id = r.organization_id
        left join public.organizations as o on o.id = locked.id
        left join lateral (
            select t.id from public.credit_transactions as t
            where t.organization_id = r.organization_id and t.idempotency_key = r.request_id
              and t.transaction_type = 'consumed'
            limit 1
        ) as made on true
        order by r.organization_id, r.position
    loop
        if v_item.account_id is distinct from v_current then
            v_current := v_item.account_id;
            v_balance := v_item.credit_balance;
            v_number := v_item.credits_entry_number;
            v_at := greatest(p_at, v_item.credits_entry_at);
        end if;

        if (
            v_item.is_fit and v_item.account_id <> all (p_failed)
            and v_item.cost <= v_balance - v_item.credits_reserved
            and (v_item.request_id is null or v_item.previous is null)
        ) is not true then
            begin
                -- Without a valid id, read_batch_item() refuses the item.
                if v_item.account_id is null and v_item.organization_id is not null then
                    perform tenantry.authorize('credits:consume', v_item.organization_id);
                end if;
                v_read := tenantry.read_batch_item(v_item.item);
                v_replay := tenantry.find_replayed_entry(v_read.entry);
                if v_replay.id is not null then
                    v_answer.transaction := v_replay;
                    v_decisions[v_item.position] := v_answer;
                    continue;
                elsif v_item.request_id is not null and v_slots[v_item.previous] is not null then
                    -- An earlier item has the same request_id. The entries are compared once they are written.
                    v_slots[v_item.position] := v_slots[v_item.previous];
                    continue;
                elsif not v_read.event_is_active then
                    perform tenantry.fail_credit_event_inactive((v_read.entry).credit_event_id);
                elsif v_item.account_id is null then
                    perform tenantry.fail_not_found('organization', v_item.organization_id::text);
                elsif v_item.account_id = any (p_failed) then
                    perform tenantry.fail(
                        'TN048', 'the due changes of the account cannot be applied',
                        jsonb_build_object('organization_id', v_item.account_id));
                elsif not v_item.is_active then
                    perform tenantry.fail_organization_inactive(v_item.organization_id);
                elsif v_balance - v_item.credits_reserved < - (v_read.entry).amount then
                    v_account.id := v_item.account_id;
                    v_account.credit_balance := v_balance;
                    v_account.credits_reserved := v_item.credits_reserved;
                    perform tenantry.fail_insufficient_credits(v_account, - (v_read.entry).amount);
                end if;
                v_item.cost := - (v_read.entry).amount;
            exception
                when others then
                    get stacked diagnostics
                        v_refusal.code = returned_sqlstate, v_refusal.message = message_text,
                        v_detail = pg_exception_detail, v_refusal.remedy = pg_exception_hint;
                    v_refusal.reason := tenantry.error_reason(v_refusal.code);
                    if v_refusal.reason is null then
                        raise;
                    end if;
                    v_refusal.details := v_detail::jsonb - 'reason';
                    v_refusal.remedy := nullif(v_refusal.remedy, '');
                    v_decisions[v_item.position] := v_refusal;
                    -- For the next item with the same request_id.
                    v_slots[v_item.position] := v_slots[v_item.previous];
                    continue;
            end;
        end if;

        v_balance := v_balance - v_item.cost;
        v_number := v_number + 1;
        v_positions := v_positions || v_item.position;
        v_amounts := v_amounts || v_item.cost::integer;
        v_balances := v_balances || v_balance;
        v_numbers := v_numbers || v_number;
        v_times := v_times || v_at;
        v_slots[v_item.position] := cardinality(v_positions);
    end loop;

    with accepted as materialized (
        select
            tenantry.uuid_v7() as id, a.slot, a.amount, a.balance, a.number, a.at, i.item,
            (i.item ->> 'organization_id')::uuid as organization_id,
            e.id as credit_event_id
        from unnest(v_positions, v_amounts, v_balances, v_numbers, v_times) with ordinality
            as a (position, amount, balance, number, at, slot)
        cross join lateral (select p_items -> (a.position - 1)) as i (item)
        left join public.credit_events as e on e.name = i.item ->> 'credit_event'
    ),
    account as (
        update public.organizations as o
        set credit_balance = last.balance, credits_entry_number = last.number, credits_entry_at = last.at
        from (
            select distinct on (a.organization_id) a.organization_id, a.balance, a.number, a.at
            from accepted as a
            order by a.organization_id, a.slot desc
        ) as last
        where o.id = last.organization_id
    ),
    entry as (
        insert into public.credit_transactions (
            id, organization_id, transaction_type, amount, balance_after, source, source_id, credit_event_id,
            description, metadata, created_at, entry_number, quantity, idempotency_key
        )
        select
            a.id, a.organization_id, 'consumed', - a.amount, a.balance,
            case when a.item ->> 'credit_event' is null then 'consumption' else 'event_consumption' end,
            (a.item ->> 'source_id')::uuid,
            -- An event that was not found by name was given by id.
            coalesce(a.credit_event_id, (a.item ->> 'credit_event')::uuid),
            a.item ->> 'description', nullif(a.item -> 'metadata', 'null'), a.at, a.number,
            case when a.item ->> 'credit_event' is not null then coalesce((a.item ->> 'quantity')::integer, 1) end,
            a.item ->> 'request_id'
        from accepted as a
        order by a.slot
        returning *
    )
    select array_agg(entry order by accepted.slot) into v_entries from accepted join entry using (id);

    foreach v_position in array p_positions loop
        continue when v_slots[v_position] is null or (v_decisions[v_position]).code is not null;
        v_replay := v_entries[v_slots[v_position]];
        if v_positions[v_slots[v_position]] <> v_position then
            -- The entry is written by now: this is a replay like any other.
            begin
                v_read := tenantry.read_batch_item(p_items -> (v_position - 1));
                v_replay := tenantry.find_replayed_entry(v_read.entry);
            exception
                when sqlstate 'TN011' then
                    get stacked diagnostics
                        v_refusal.code = returned_sqlstate, v_refusal.message = message_text,
                        v_detail = pg_exception_detail, v_refusal.remedy = pg_exception_hint;
                    v_refusal.reason := tenantry.error_reason(v_refusal.code);
                    v_refusal.details := v_detail::jsonb - 'reason';
                    v_decisions[v_position] := v_refusal;
                    continue;
            end;
        end if;
        v_answer.transaction := v_replay;
        v_decisions[v_position] := v_answer;
    end loop;

    for v_account in
        select o.* from public.organizations as o
        where coalesce(o.low_balance_threshold, o.auto_top_up_threshold) is not null
          and o.id in (select e.organization_id from unnest(v_entries) as e)
    loop
        perform tenantry.on_balance_fall(v_account, (
            select - sum(e.amount)::integer from unnest(v_entries) as e where e.organization_id = v_account.id
        ));
    end loop;
    return v_decisions;
end
$$;

comment on function tenantry.decide_items(jsonb, integer[], uuid[], uuid[], timestamptz) is
    'Decides the given items of a batch one by one. The caller has locked and settled the accounts.';
revoke all on function tenantry.decide_items from public, anon, authenticated, service_role;
