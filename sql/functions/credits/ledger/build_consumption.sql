-- The entry that a consumption would write.
--
-- p_credit_event_id, p_quantity, p_amount: what price_charge() made of the charge.
-- Raises TN001.
drop function if exists tenantry.build_consumption(uuid, text, integer, integer, uuid, text, jsonb, text);

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
    v_source constant text := case when p_credit_event_id is null then 'consumption' else 'event_consumption' end;
begin
    -- Nearly always there is nothing wrong, and to see so here costs less than to call who says what.
    if jsonb_typeof(p_metadata) <> 'object' or length(p_request_id) > 255 or p_request_id !~ '[^[:space:]]' then
        perform tenantry.require_entry_fields(v_source, null, p_metadata, p_request_id);
    end if;
    return row(
        null, p_organization_id, 'consumed', - p_amount, null, v_source, p_source_id, p_credit_event_id, null, null,
        p_description, p_metadata, null, null, p_quantity, p_request_id)::public.credit_transactions;
end
$$;

comment on function tenantry.build_consumption(uuid, uuid, integer, integer, uuid, text, jsonb, text) is
    'The entry that a consumption would write. Raises TN001.';
revoke all on function tenantry.build_consumption from public, anon, authenticated, service_role;
