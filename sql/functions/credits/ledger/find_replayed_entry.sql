-- The entry that an idempotency key already made, null if there is none (or no key).
--
-- The arguments must be those of the first call. What is stored is what is compared.
--
-- p_entry: the entry as this call would write it. p_compare_amount: false where the amount is not an argument but
-- followed from something that may have changed since, such as a credit event's price.
-- Raises TN011 when the key was used for something else.
create or replace function tenantry.find_replayed_entry(
    p_entry public.credit_transactions,
    p_compare_amount boolean default null
) returns public.credit_transactions
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_entry public.credit_transactions;
begin
    if p_entry.idempotency_key is null then
        return null;
    end if;
    select * into v_entry
    from public.credit_transactions
    where organization_id = p_entry.organization_id and idempotency_key = p_entry.idempotency_key;
    if not found then
        return null;
    end if;
    if not tenantry.is_same_entry(v_entry, p_entry, coalesce(p_compare_amount, p_entry.credit_event_id is null)) then
        perform tenantry.fail_request_id_reused(p_entry.idempotency_key, p_entry.organization_id);
    end if;
    return v_entry;
end
$$;

comment on function tenantry.find_replayed_entry(public.credit_transactions, boolean) is
    'The entry that the idempotency key already made, or null. Raises TN011 when it was made by other arguments.';
revoke all on function tenantry.find_replayed_entry from public, anon, authenticated, service_role;
