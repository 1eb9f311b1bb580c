-- Returns the number of the last entry in an organization's sums of consumption; 0 before the first.
--
-- A query that reads the sums, and calls this function for the entries after them, sees both at one moment.
--
-- Callers: last_summed_entry(), get_credit_usage(), estimate_runway().
create or replace function tenantry.summed_entry(p_organization_id uuid) returns bigint
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select coalesce(max(p.entry_number), 0)
    from tenantry.credit_usage_progress as p
    where p.organization_id = p_organization_id;
end;

comment on function tenantry.summed_entry(uuid) is
    'Number of the last entry in the organization''s sums of consumption; 0 before the first.';
revoke all on function tenantry.summed_entry from public, anon, authenticated, service_role;
