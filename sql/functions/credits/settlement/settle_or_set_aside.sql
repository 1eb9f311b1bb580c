-- Settles an account, for work over many accounts. If the settlement fails, the function undoes it, sets the account
-- aside and answers false, so that the other accounts go on. It records one settlement_failed event for each due time.
-- verify_ledger() reports the account until a settlement succeeds.
--
-- p_account: the organization's row, locked by the caller. Something has fallen due.
-- Returns whether the account is settled.
-- Locks: as settle_account().
-- Raises: errors that do not come from the account: a conflict, a cancelled statement, a lack of resources, a read-only
-- database.
create or replace function tenantry.settle_or_set_aside(p_account public.organizations) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_code text;
    v_message text;
    v_is_known boolean;
begin
    perform tenantry.settle_account(p_account);
    return true;
exception
    when others then
        get stacked diagnostics v_code = returned_sqlstate, v_message = message_text;
        v_message := left(v_message, 1000);
        if left(v_code, 2) in ('08', '25', '40', '53', '55', '57', '58') then
            raise;
        end if;
        v_is_known := exists (
            select from tenantry.settlement_failures as f
            where f.organization_id = p_account.id and f.due_at = p_account.credits_settle_at
        );
        insert into tenantry.settlement_failures (organization_id, due_at, failed_at, code, message)
        values (p_account.id, p_account.credits_settle_at, tenantry.clock(), v_code, v_message)
        on conflict (organization_id) do update
        set due_at = excluded.due_at, failed_at = excluded.failed_at, code = excluded.code, message = excluded.message;
        if not v_is_known then
            insert into tenantry.events (organization_id, event_type, payload, created_at)
            values (
                p_account.id, 'settlement_failed',
                jsonb_build_object('due_at', p_account.credits_settle_at, 'code', v_code, 'message', v_message),
                tenantry.clock()
            );
            perform tenantry.notify('tenantry_events');
        end if;
        return false;
end
$$;

comment on function tenantry.settle_or_set_aside(public.organizations) is
    'Settles an account, or records that it cannot be settled; answers which. The caller holds the lock of the row.';
revoke all on function tenantry.settle_or_set_aside from public, anon, authenticated, service_role;
