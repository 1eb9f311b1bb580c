-- Returns the consumption that a request_id made before; null if the request_id is new or null.
--
-- Its arguments must be those of the first call: the stored entry is compared with the entry of this call.
-- find_replayed_request() serves all other operations.
--
-- p_entry: the entry as this call would write it.
-- p_compare_amount: false if the amount is no argument but follows from a value that may have changed since, such as
-- the price of a credit event. Null for true unless the entry has a credit event.
-- Raises: TN011 if the request_id came with other arguments.
create or replace function tenantry.find_replayed_entry(
    p_entry public.credit_transactions,
    p_compare_amount boolean default null
) returns public.credit_transactions
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_made public.credit_transactions;
begin
    if p_entry.idempotency_key is null then
        return null;
    end if;
    select * into v_made
    from public.credit_transactions as t
    where t.organization_id = p_entry.organization_id and t.idempotency_key = p_entry.idempotency_key
      and t.transaction_type = 'consumed';
    if not found then
        return null;
    end if;
    if (
        v_made.source, v_made.source_id, v_made.credit_event_id, v_made.quantity, v_made.stripe_payment_intent_id,
        v_made.description, v_made.metadata
    ) is distinct from (
        p_entry.source, p_entry.source_id, p_entry.credit_event_id, p_entry.quantity, p_entry.stripe_payment_intent_id,
        p_entry.description, p_entry.metadata
    ) or (coalesce(p_compare_amount, p_entry.credit_event_id is null) and v_made.amount <> p_entry.amount) then
        perform tenantry.fail_request_id_reused(p_entry.idempotency_key, p_entry.organization_id);
    end if;
    return v_made;
end
$$;

comment on function tenantry.find_replayed_entry(public.credit_transactions, boolean) is
    'Returns the consumption that the request_id made before, or null. Raises TN011 for other arguments.';
revoke all on function tenantry.find_replayed_entry from public, anon, authenticated, service_role;
