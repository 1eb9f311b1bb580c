-- Builds the entry that a consumption writes.
--
-- p_credit_event_id, p_quantity, p_amount: the answer of price_charge().
-- Raises: TN001.
create or replace function tenantry.build_consumption(
    p_organization_id uuid,
    p_credit_event_id uuid,
    p_quantity integer,
    p_amount integer,
    p_source_id uuid,
    p_description text,
    p_metadata jsonb,
    p_request_id text
) returns public.credit_transactions
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_entry public.credit_transactions;
begin
    v_entry.source := case when p_credit_event_id is null then 'consumption' else 'event_consumption' end;
    -- The values are nearly always valid. This test costs less than the calls that name the invalid argument.
    if jsonb_typeof(p_metadata) <> 'object' or length(p_request_id) > 255 or p_request_id !~ '[^[:space:]]' then
        perform tenantry.require_entry_fields(v_entry.source, null, p_metadata, p_request_id);
    end if;
    if octet_length(p_description) > 4096 or pg_column_size(p_metadata) > 512 then
        perform tenantry.require_bounded('description', p_description, 'max_text_bytes');
        perform tenantry.require_metadata(p_metadata);
    end if;
    v_entry.organization_id := p_organization_id;
    v_entry.transaction_type := 'consumed';
    v_entry.amount := - p_amount;
    v_entry.source_id := p_source_id;
    v_entry.credit_event_id := p_credit_event_id;
    v_entry.quantity := p_quantity;
    v_entry.description := p_description;
    v_entry.metadata := p_metadata;
    v_entry.idempotency_key := p_request_id;
    return v_entry;
end
$$;

comment on function tenantry.build_consumption(uuid, uuid, integer, integer, uuid, text, jsonb, text) is
    'Builds the entry that a consumption writes. Raises TN001.';
revoke all on function tenantry.build_consumption from public, anon, authenticated, service_role;
