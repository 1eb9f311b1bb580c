-- Reads an item of a batch, and checks it as consume_credits() checks its arguments.
--
-- Raises: TN001, TN002 (unknown event).
create or replace function tenantry.read_batch_item(
    p_item jsonb,
    out entry public.credit_transactions,
    out event_is_active boolean
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_field text;
    v_charge record;
begin
    if jsonb_typeof(p_item) <> 'object' then
        perform tenantry.fail_invalid('items', 'each item must be a JSON object');
    end if;
    foreach v_field in array array['organization_id', 'source_id'] loop
        if not tenantry.is_uuid(p_item ->> v_field) then
            perform tenantry.fail_invalid(v_field, 'must be a UUID');
        end if;
    end loop;
    foreach v_field in array array['quantity', 'amount'] loop
        if p_item ->> v_field !~ '^-?[0-9]{1,10}$'
            or (p_item ->> v_field)::bigint not between -2147483648 and 2147483647 then
            perform tenantry.fail_invalid(v_field, 'must be a whole number in the range of an integer');
        end if;
    end loop;
    if p_item ->> 'organization_id' is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    v_charge := tenantry.price_charge(
        p_item ->> 'credit_event', (p_item ->> 'quantity')::integer, (p_item ->> 'amount')::integer);
    entry := tenantry.build_consumption(
        (p_item ->> 'organization_id')::uuid, v_charge.credit_event_id, v_charge.quantity, v_charge.amount,
        (p_item ->> 'source_id')::uuid, p_item ->> 'description', nullif(p_item -> 'metadata', 'null'),
        p_item ->> 'request_id');
    event_is_active := v_charge.is_active;
end
$$;

comment on function tenantry.read_batch_item(jsonb) is
    'The entry that an item of a batch would write, and whether its credit event is active. Raises TN001, TN002.';
revoke all on function tenantry.read_batch_item from public, anon, authenticated, service_role;
