-- Checks every write of a billing record's status against billing_transitions, also a write in psql.
--
-- Raises: TN035.
create or replace function tenantry.enforce_billing_transition() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.require_billing_transition(new, case when tg_op = 'UPDATE' then old.status else 'new' end);
    return null;
end
$$;

comment on function tenantry.enforce_billing_transition() is
    'Trigger: raises TN035 for a change of status that billing_transitions does not allow.';
revoke all on function tenantry.enforce_billing_transition from public, anon, authenticated, service_role;

-- After the write, so that a constraint of a column raises its own error first.
create or replace trigger enforce_billing_transition
after insert or update of status on public.billing_history
for each row execute function tenantry.enforce_billing_transition();
