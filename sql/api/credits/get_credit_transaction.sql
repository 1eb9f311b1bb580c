-- Returns one ledger entry. It runs as the caller: row-level security decides which entries exist for the caller.
--
-- Locks: nothing.
-- Raises: TN001, TN002, 42501.
-- Callers: holders of credits:read in the organization.
create or replace function public.get_credit_transaction(
    organization_id uuid default null,
    credit_transaction_id uuid default null
) returns public.credit_transactions
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_entry public.credit_transactions;
begin
    if get_credit_transaction.organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    elsif credit_transaction_id is null then
        perform tenantry.fail_invalid('credit_transaction_id', 'is required');
    end if;
    perform tenantry.authorize('credits:read', get_credit_transaction.organization_id);
    select * into v_entry
    from public.credit_transactions as t
    where t.organization_id = get_credit_transaction.organization_id and t.id = credit_transaction_id;
    if not found then
        perform tenantry.fail_not_found('credit_transaction', credit_transaction_id::text);
    end if;
    return v_entry;
end
$$;

comment on function public.get_credit_transaction(uuid, uuid) is
    'The ledger entry of the organization with that id. Raises TN001, TN002, 42501.';
revoke all on function public.get_credit_transaction from public, anon, authenticated, service_role;
grant execute on function public.get_credit_transaction to authenticated, service_role;
