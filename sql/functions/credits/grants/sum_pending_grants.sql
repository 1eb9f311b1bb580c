-- Returns the credits of an organization that are granted for later.
create or replace function tenantry.sum_pending_grants(p_organization_id uuid) returns bigint
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select coalesce(sum(g.amount), 0)
    from tenantry.pending_grants as g
    where g.organization_id = p_organization_id and g.cancelled_at is null;
end;

comment on function tenantry.sum_pending_grants(uuid) is
    'Returns the credits of the organization that are granted for later.';
revoke all on function tenantry.sum_pending_grants from public, anon, authenticated, service_role;
