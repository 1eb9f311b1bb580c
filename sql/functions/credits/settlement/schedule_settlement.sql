-- Writes the time of the next settlement, after a change of lots, pending grants, holds or the subscription.
--
-- Locks: none of its own. The caller holds the account's lock.
create or replace function tenantry.schedule_settlement(p_organization_id uuid) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
    update public.organizations as o
    set credits_settle_at = due.at
    from tenantry.next_due_time(p_organization_id) as due (at)
    where o.id = p_organization_id and o.credits_settle_at is distinct from due.at;
end;

comment on function tenantry.schedule_settlement(uuid) is
    'Writes credits_settle_at after a change of lots, pending grants, holds or the subscription.';
revoke all on function tenantry.schedule_settlement from public, anon, authenticated, service_role;
