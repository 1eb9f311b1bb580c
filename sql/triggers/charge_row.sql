-- Charges the organization of a row that was inserted into a table of the application. See charge_on_insert().
--
-- Arguments of the trigger: credit event (id or name), column of the organization, column of the quantity or ''. The
-- primary key of the row makes the request_id: a row that is inserted again is not charged again.
-- Locks: the organization's row.
-- Raises: the errors of consume_credits(). The INSERT then fails with the error.
create or replace function tenantry.charge_row() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_row constant jsonb := to_jsonb(new);
    v_table constant text := format('%I.%I', tg_table_schema, tg_table_name);
    v_key text;
    v_charge record;
    v_new public.credit_transactions;
begin
    -- A key of several columns is written as a JSON array, so that no two keys have the same text.
    select
        case when count(*) = 1 then min(v_row ->> a.attname)
        else jsonb_agg(v_row -> a.attname order by k.position)::text end
    into v_key
    from pg_index as i
    cross join lateral unnest(i.indkey) with ordinality as k (attnum, position)
    join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
    where i.indrelid = tg_relid and i.indisprimary and k.position <= i.indnkeyatts;

    v_new.organization_id := (v_row ->> tg_argv[1])::uuid;
    if v_new.organization_id is null then
        perform tenantry.fail_invalid(tg_argv[1], 'is required: it names the organization to charge');
    end if;
    v_charge := tenantry.price_charge(
        tg_argv[0], case when tg_argv[2] = '' then 1 else (v_row ->> tg_argv[2])::integer end, null);
    v_new.transaction_type := 'consumed';
    v_new.amount := - v_charge.amount;
    v_new.source := 'table';
    v_new.credit_event_id := v_charge.credit_event_id;
    v_new.quantity := v_charge.quantity;
    v_new.metadata := jsonb_build_object('table', v_table, 'key', v_key);
    v_new.idempotency_key := left(v_table || ':' || v_key, 200)
        || case when length(v_table || ':' || v_key) > 200 then '#' || md5(v_key) else '' end;
    perform tenantry.spend_credits(v_new, v_charge.is_active);
    return null;
end
$$;

comment on function tenantry.charge_row() is
    'Trigger: charges the organization that the inserted row names; attached by charge_on_insert().';
revoke all on function tenantry.charge_row from public, anon, authenticated, service_role;
