-- Keeps the ledger append-only for all roles, its owner included. A correction is a further entry. Only entries of an
-- organization that is erased can be deleted.
--
-- Raises: TN015.
create or replace function tenantry.protect_ledger() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'DELETE' and tenantry.is_erased(old.organization_id) then
        return old;
    end if;
    perform tenantry.fail(
        'TN015', format('credit_transactions is append-only: %s is refused', lower(tg_op)),
        '{}', 'Correct an entry by a further one: a refund, a revocation or a grant.');
    return null;
end
$$;

comment on function tenantry.protect_ledger() is 'Trigger: raises TN015, the ledger is append-only.';
revoke all on function tenantry.protect_ledger from public, anon, authenticated, service_role;

create or replace trigger protect_ledger
before update or truncate on public.credit_transactions
for each statement execute function tenantry.protect_ledger();

create or replace trigger protect_ledger_rows
before delete on public.credit_transactions
for each row execute function tenantry.protect_ledger();
