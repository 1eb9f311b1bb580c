-- Keeps the audit log append-only for every role, including its owner. Only entries older than the setting
-- keep_audit_log_days, and entries of an organization that is erased, can be deleted.
--
-- Raises: TN015.
create or replace function tenantry.protect_audit_log() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'DELETE' and (
        old.created_at < tenantry.retention_horizon('keep_audit_log_days')
        or tenantry.is_erased(old.organization_id)
    ) then
        return old;
    end if;
    perform tenantry.fail('TN015', format('the audit log is append-only: %s is refused', lower(tg_op)));
    return null;
end
$$;

comment on function tenantry.protect_audit_log() is 'Trigger: raises TN015, the audit log is append-only.';
revoke all on function tenantry.protect_audit_log from public, anon, authenticated, service_role;

create or replace trigger protect_audit_log
before update or truncate on tenantry.audit_log
for each statement execute function tenantry.protect_audit_log();

create or replace trigger protect_audit_log_rows
before delete on tenantry.audit_log
for each row execute function tenantry.protect_audit_log();
