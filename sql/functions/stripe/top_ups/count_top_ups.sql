-- Returns the number of automatic top-ups of an organization in this calendar month (UTC) that were paid or are under
-- way. request_top_up() compares the number with the monthly cap.
create or replace function tenantry.count_top_ups(p_organization_id uuid) returns integer
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select count(*)::integer
    from tenantry.stripe_requests as r
    where r.organization_id = p_organization_id
      and r.operation = 'auto_top_up'
      and r.state <> 'failed'
      and r.created_at >= date_trunc('month', tenantry.clock() at time zone 'UTC') at time zone 'UTC';
end;

comment on function tenantry.count_top_ups(uuid) is
    'Automatic top-ups of the organization in this calendar month, without those that failed.';
revoke all on function tenantry.count_top_ups from public, anon, authenticated, service_role;
