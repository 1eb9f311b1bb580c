-- Keeps the audit log append-only for every role, including its owner.
--
-- Raises: TN015.
create or replace function tenantry.protect_audit_log() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.fail('TN015', format('the audit log is append-only: %s is refused', lower(tg_op)));
    return null;
end
$$;

comment on function tenantry.protect_audit_log() is 'Trigger: raises TN015, the audit log is append-only.';
revoke all on function tenantry.protect_audit_log from public, anon, authenticated, service_role;

create or replace trigger protect_audit_log
before update or delete or truncate on tenantry.audit_log
for each statement execute function tenantry.protect_audit_log();
