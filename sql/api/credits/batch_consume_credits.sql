-- Spends credits many times in one transaction, for one or more organizations. Each item gets a decision: an entry or a
-- refusal. A refusal does not stop the next item. The decisions have the order of the items.
--
-- The function works in four steps:
-- 1. It locks the accounts from which the caller may spend, in the order of their ids. So concurrent batches do not
--    deadlock, and no caller can lock an organization of others.
-- 2. It settles these accounts. It waits until it has all locks, because credits can expire while it waits.
-- 3. One statement writes the entries of each organization of which no item can be refused: the arguments of its items
--    are valid, and its available credits cover all of them.
-- 4. decide_items() decides the items of the other organizations one by one.
--
-- p_items: a JSON array of 1 to 10000 objects with the arguments of consume_credits().
-- Locks: the rows of the organizations in which the caller holds credits:consume, by id. Accounts with something due
-- are settled. An item of an account that cannot be settled is refused.
-- Raises: TN001 for p_items as a whole. The decision of an item has the item's own errors.
-- Callers: signed-in users and the service role. Each item needs credits:consume in its organization.
--
-- The function sets enable_seqscan off, because a connection keeps its plans: a plan from a time when a table was small
-- must not read all of it later. It sets jit off, because before PostgreSQL 18 a table without an index then looks
-- expensive enough to compile the query.
create or replace function tenantry.batch_consume_credits(p_items jsonb) returns public.credit_decision[]
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
    v_count integer;
    v_now timestamptz;
    v_account public.organizations;
    -- The accounts from which the caller may spend.
    v_locked uuid[];
    -- Those of them that are active.
    v_open uuid[] := '{}';
    -- Those of the active ones that have a threshold.
    v_watched uuid[] := '{}';
    -- Accounts that cannot be settled.
    v_failed uuid[] := '{}';
    -- The decisions of step 3, and the positions of their items.
    v_plain public.credit_decision[];
    v_positions integer[];
    v_decision public.credit_decision;
    v_decisions public.credit_decision[];
    v_index integer := 0;
begin
    if p_items is null or jsonb_typeof(p_items) <> 'array' then
        perform tenantry.fail_invalid('items', 'must be a JSON array');
    end if;
    v_count := jsonb_array_length(p_items);
    if v_count not between 1 and 10000 then
        perform tenantry.fail_invalid('items', format('%s items were given, 1 to 10000 are allowed', v_count));
    end if;

    v_locked := array(
        select o.id from public.organizations as o
        where o.id = any (array(
            select given.id::uuid
            from (
                -- `offset` keeps the test of each id out of the test of each item.
                select distinct i.item ->> 'organization_id' from jsonb_array_elements(p_items) as i (item) offset 0
            ) as given (id)
            where tenantry.is_uuid(given.id)
        ))
          and tenantry.is_authorized('credits:consume', o.id)
        order by o.id
        for no key update
    );
    v_now := tenantry.clock();
    for v_account in
        select o.* from public.organizations as o where o.id = any (v_locked)
    loop
        if v_account.credits_settle_at <= v_now and not tenantry.settle_or_set_aside(v_account) then
            v_failed := v_failed || v_account.id;
        elsif v_account.is_active then
            v_open := v_open || v_account.id;
            if coalesce(v_account.low_balance_threshold, v_account.auto_top_up_threshold) is not null then
                v_watched := v_watched || v_account.id;
            end if;
        end if;
    end loop;

    -- Regular expressions and casts would take longer than all the rest. So ids are compared as text. decide_items()
    -- gets every number that is not a few digits, and every request_id that does not start with plain text.
    with read as materialized (
        select
            i.position::integer as position,
            lower(i.item ->> 'organization_id') as organization,
            i.item ->> 'credit_event' as credit_event,
            i.item ->> 'quantity' as quantity,
            coalesce(i.item ->> 'amount', i.item ->> 'quantity', '1') as units,
            i.item ->> 'amount' as amount,
            i.item ->> 'source_id' as source_id,
            i.item ->> 'description' as description,
            nullif(i.item -> 'metadata', 'null') as metadata,
            i.item ->> 'request_id' as request_id
        from jsonb_array_elements(p_items) with ordinality as i (item, position)
    ),
    account as materialized (
        select
            o.id, o.id::text as organization, o.credit_balance - o.credits_reserved as available, o.credit_balance,
            o.credits_entry_number, greatest(v_now, o.credits_entry_at) as at
        from public.organizations as o
        where o.id = any (v_open)
    ),
    judged as (
        select
            r.*, a.id as organization_id, a.available, a.credit_balance, a.credits_entry_number, a.at,
            e.id as credit_event_id,
            case
                when length(r.units) between 1 and 9 and translate(r.units, '0123456789', '') = ''
                    then nullif(r.units::bigint, 0) * case when r.credit_event is null then 1 else e.credit_cost end
            end as cost,
            a.id is not null
                and (r.credit_event is null or e.is_active)
                and (r.credit_event is null) = (r.amount is not null)
                and (r.quantity is null or r.amount is null)
                and (r.source_id is null or tenantry.is_uuid(r.source_id))
                and (r.metadata is null or jsonb_typeof(r.metadata) = 'object' and pg_column_size(r.metadata) <= 512)
                and (r.description is null or octet_length(r.description) <= 4096)
                and (r.request_id is null or (
                    length(r.request_id) <= 255 and ascii(r.request_id) between 33 and 126 and made.id is null
                    and row_number() over (partition by a.id, r.request_id) = 1
                )) as is_fit
        from read as r
        left join account as a using (organization)
        left join public.credit_events as e on e.name = r.credit_event
        left join lateral (
            select t.id from public.credit_transactions as t
            where t.organization_id = a.id and t.idempotency_key = r.request_id and t.transaction_type = 'consumed'
            limit 1
        ) as made on true
    ),
    summed as (
        select
            j.*,
            sum(j.cost) over spending as spent,
            count(*) over spending as step,
            sum(j.cost) over whole <= j.available
                and bool_and((j.is_fit and j.cost <= 2147483647) is true) over whole as is_plain
        from judged as j
        window whole as (partition by j.organization_id), spending as (whole order by j.position)
    ),
    entry as materialized (
        select
            s.position, s.organization_id, - s.cost as amount, s.credit_balance - s.spent as balance_after,
            case when s.credit_event_id is null then 'consumption' else 'event_consumption' end as source,
            s.source_id::uuid as source_id, s.credit_event_id, s.description, s.metadata, s.at as created_at,
            s.credits_entry_number + s.step as entry_number,
            case when s.credit_event_id is not null then s.units::integer end as quantity,
            s.request_id, tenantry.uuid_v7_at(made.at) as id
        from summed as s
        cross join lateral (select clock_timestamp() as at, s.position offset 0) as made
        where s.is_plain
    ),
    moved as (
        update public.organizations as o
        set credit_balance = last.balance_after, credits_entry_number = last.entry_number,
            credits_entry_at = last.created_at
        from (
            select e.organization_id, min(e.balance_after) as balance_after, max(e.entry_number) as entry_number,
                max(e.created_at) as created_at
            from entry as e
            group by e.organization_id
        ) as last
        where o.id = last.organization_id
    ),
    written as (
        insert into public.credit_transactions as t (
            id, organization_id, transaction_type, amount, balance_after, source, source_id, credit_event_id,
            description, metadata, created_at, entry_number, quantity, idempotency_key
        )
        select
            e.id, e.organization_id, 'consumed', e.amount, e.balance_after, e.source, e.source_id, e.credit_event_id,
            e.description, e.metadata, e.created_at, e.entry_number, e.quantity, e.request_id
        from entry as e
        returning t.id, t as entry
    )
    select
        array_agg(row(w.entry, null, null, null, null, null)::public.credit_decision order by e.position),
        array_agg(e.position order by e.position)
    into v_plain, v_positions
    from entry as e
    join written as w on w.id = e.id;

    if v_watched <> '{}' then
        for v_account in
            select o.* from public.organizations as o where o.id = any (v_watched)
        loop
            perform tenantry.on_balance_fall(v_account, (
                select - sum((d.transaction).amount)::integer
                from unnest(v_plain) as d
                where (d.transaction).organization_id = v_account.id
            ));
        end loop;
    end if;
    if cardinality(v_positions) = v_count then
        return v_plain;
    end if;

    v_decisions := tenantry.decide_items(p_items, array(
        select n from generate_series(1, v_count) as n where n <> all (coalesce(v_positions, '{}'))
    ), v_locked, v_failed, v_now);
    if v_plain is not null then
        foreach v_decision in array v_plain loop
            v_index := v_index + 1;
            v_decisions[v_positions[v_index]] := v_decision;
        end loop;
    end if;
    return v_decisions;
end
$$;

comment on function tenantry.batch_consume_credits(jsonb) is
    'Locks and settles the accounts, writes the valid items in one statement and decides the others one by one.';
revoke all on function tenantry.batch_consume_credits from public, anon, authenticated, service_role;
grant execute on function tenantry.batch_consume_credits to authenticated, service_role;

create or replace function public.batch_consume_credits(
    items jsonb default null,
    out decisions public.credit_decision[]
)
language sql volatile
begin atomic
    select tenantry.batch_consume_credits(items);
end;

comment on function public.batch_consume_credits(jsonb) is
    'Spends credits many times in one transaction. items: a JSON array of 1 to 10000 objects with the arguments of'
    ' consume_credits, over any organizations. Returns a decision for each item, in their order: its entry, or the'
    ' code, reason, message, details and remedy of the refusal, which does not stop the next item. Raises TN001 (items'
    ' as a whole).';
revoke all on function public.batch_consume_credits from public, anon, authenticated, service_role;
grant execute on function public.batch_consume_credits to authenticated, service_role;
