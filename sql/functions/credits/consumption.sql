-- The entry that a consumption would write, and whether its credit event may be charged.
--
-- Raises TN001, TN002 (unknown event).
create or replace function tenantry.consumption(
    p_organization_id uuid,
    p_credit_event text,
    p_quantity integer,
    p_amount integer,
    p_source_id uuid,
    p_description text,
    p_metadata jsonb,
    p_request_id text,
    out entry public.credit_transactions,
    out event_is_active boolean
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_charge record;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.check_entry('consumption', null, p_metadata, p_request_id);
    v_charge := tenantry.price_charge(p_credit_event, p_quantity, p_amount);
    entry.organization_id := p_organization_id;
    entry.transaction_type := 'consumed';
    entry.amount := - v_charge.amount;
    entry.source := case when p_credit_event is null then 'consumption' else 'event_consumption' end;
    entry.source_id := p_source_id;
    entry.credit_event_id := v_charge.credit_event_id;
    entry.quantity := v_charge.quantity;
    entry.description := p_description;
    entry.metadata := p_metadata;
    entry.idempotency_key := p_request_id;
    event_is_active := v_charge.is_active;
end
$$;

comment on function tenantry.consumption(uuid, text, integer, integer, uuid, text, jsonb, text) is
    'The entry that a consumption would write, and whether its credit event is active. Raises TN001, TN002.';
revoke all on function tenantry.consumption from public, anon, authenticated, service_role;
