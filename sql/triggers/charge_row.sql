-- Charges the organization of a row that was inserted into a table of the application. See charge_on_insert().
--
-- Each inserted row is charged once. The charge has no request_id: the row and its charge are one statement, and the
-- primary key refuses a repeated INSERT. So no caller can take the id of a charge in advance, and a row that is deleted
-- and inserted again is charged again.
--
-- The function runs with its owner's rights, and the table belongs to others. So it never converts the whole row, which
-- would run the casts of the owner's types. It reads the named columns, after a check of their types.
--
-- Arguments of the trigger: credit event (id or name), column of the organization, column of the quantity or ''.
-- Locks: the organization's row.
-- Raises: TN001 (the table or the row cannot be charged), and the errors of consume_credits(). The INSERT then fails
-- with the error.
create or replace function tenantry.charge_row() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    c_most_key constant integer := 200;
    v_quantity_column constant text := nullif(tg_argv[2], '');
    v_key_columns text;
    v_key text[];
    v_quantity integer;
    v_charge record;
    v_new public.credit_transactions;
begin
    perform tenantry.require_chargeable_table(tg_relid, tg_argv[1], v_quantity_column);
    -- The key is only told with the entry. Types with an id below 16384 come with PostgreSQL.
    select string_agg(format('left(($1).%I::text, %s)', a.attname, c_most_key), ', ' order by k.position)
    into v_key_columns
    from pg_index as i
    cross join lateral unnest(i.indkey) with ordinality as k (attnum, position)
    join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
    join pg_type as t on t.oid = a.atttypid
    where i.indrelid = tg_relid and i.indisprimary and k.position <= i.indnkeyatts
    having bool_and(t.oid < 16384 and t.typtype = 'b');
    execute format(
        'select ($1).%I, %s, array[%s]::text[]', tg_argv[1],
        case when v_quantity_column is null then '1' else format('($1).%I', v_quantity_column) end, v_key_columns)
    into v_new.organization_id, v_quantity, v_key
    using new;

    if v_new.organization_id is null then
        perform tenantry.fail_invalid(tg_argv[1], 'is required: it names the organization to charge');
    elsif v_quantity is null then
        perform tenantry.fail_invalid(v_quantity_column, 'is required: it is the quantity to charge');
    end if;
    v_charge := tenantry.price_charge(tg_argv[0], v_quantity, null);
    v_new.transaction_type := 'consumed';
    v_new.amount := - v_charge.amount;
    v_new.source := 'table';
    v_new.credit_event_id := v_charge.credit_event_id;
    v_new.quantity := v_charge.quantity;
    v_new.metadata := jsonb_build_object(
        'table', format('%I.%I', tg_table_schema, tg_table_name),
        'key', case when cardinality(v_key) > 1 then to_jsonb(v_key)::text else v_key[1] end);
    perform tenantry.spend_credits(v_new, v_charge.is_active);
    return null;
end
$$;

comment on function tenantry.charge_row() is
    'Trigger: charges the organization that the inserted row names; attached by charge_on_insert().';
revoke all on function tenantry.charge_row from public, anon, authenticated, service_role;
