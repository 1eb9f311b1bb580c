-- Records each change of a row in the audit log: the actor, the time, the door and the row before and after.
--
-- The columns that the ledger writes, updated_at, secrets and addresses of persons are left out. An update that changes
-- none of the other columns is not recorded. The address of an invited person is in the invitation alone, because it
-- must be possible to erase it.
create or replace function tenantry.record_audit_event() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    c_left_out constant text[] := array[
        'updated_at', 'credit_balance', 'credits_reserved', 'credits_entry_number', 'credits_entry_at',
        'credits_settled_entry', 'credits_settle_at', 'token_hash', 'email'];
    v_old constant jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) - c_left_out end;
    v_new constant jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) - c_left_out end;
    v_row constant jsonb := coalesce(v_new, v_old);
begin
    if v_old = v_new then
        return null;
    end if;
    insert into tenantry.audit_log (
        organization_id, actor_id, actor_role, door, action, resource, resource_id, old, new
    )
    values (
        case tg_table_name
            when 'organizations' then (v_row ->> 'id')::uuid
            when 'role_permissions' then
                (select r.organization_id from public.roles as r where r.id = (v_row ->> 'role_id')::uuid)
            else (v_row ->> 'organization_id')::uuid
        end,
        case when tenantry.caller_role() = 'authenticated' then auth.uid() end,
        tenantry.caller_role(),
        case
            -- The login, because a caller can set any other setting. PostgREST logs in as authenticator.
            when session_user = 'tenantry_server' then 'grpc'
            when session_user = 'authenticator' then 'postgrest'
            else 'sql'
        end,
        lower(tg_op), tg_table_name, (v_row ->> 'id')::uuid, v_old, v_new
    );
    return null;
end
$$;

comment on function tenantry.record_audit_event() is
    'Trigger: records the change of a row, with its actor, in tenantry.audit_log.';
revoke all on function tenantry.record_audit_event from public, anon, authenticated, service_role;

-- On organizations only for the columns that people edit, because every consumption also updates the row.
create or replace trigger record_audit_event
after insert or delete or update of name, description, slug, website, is_active, low_balance_threshold
on public.organizations
for each row execute function tenantry.record_audit_event();

create or replace trigger record_audit_event after insert or update or delete on public.roles
for each row execute function tenantry.record_audit_event();

create or replace trigger record_audit_event after insert or update or delete on public.permissions
for each row execute function tenantry.record_audit_event();

create or replace trigger record_audit_event after insert or update or delete on public.role_permissions
for each row execute function tenantry.record_audit_event();

create or replace trigger record_audit_event after insert or update or delete on public.user_roles
for each row execute function tenantry.record_audit_event();

create or replace trigger record_audit_event after insert or update or delete on tenantry.invitations
for each row execute function tenantry.record_audit_event();

create or replace trigger record_audit_event after insert or update or delete on public.subscription_plans
for each row execute function tenantry.record_audit_event();

create or replace trigger record_audit_event after insert or update or delete on public.credit_products
for each row execute function tenantry.record_audit_event();

create or replace trigger record_audit_event after insert or update or delete on public.credit_events
for each row execute function tenantry.record_audit_event();

create or replace trigger record_audit_event after insert or update or delete on public.organization_subscriptions
for each row execute function tenantry.record_audit_event();

create or replace trigger record_audit_event after insert or update or delete on public.billing_history
for each row execute function tenantry.record_audit_event();
