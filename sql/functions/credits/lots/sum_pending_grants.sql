-- Credits of an organization that are granted for later.
create or replace function tenantry.sum_pending_grants(p_organization_id uuid) returns bigint
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select coalesce(sum(l.amount), 0)
    from tenantry.credit_lots as l
    where l.organization_id = p_organization_id and l.remaining > 0 and l.entry_number is null;
end;

comment on function tenantry.sum_pending_grants(uuid) is 'Credits of the organization that are granted for later.';
revoke all on function tenantry.sum_pending_grants from public, anon, authenticated, service_role;
