-- Returns the time before which rows may be deleted; null if they are kept for ever.
--
-- p_setting: the setting with the number of days, such as keep_events_days.
create or replace function tenantry.retention_horizon(p_setting text) returns timestamptz
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select tenantry.clock() - make_interval(days => nullif(tenantry.setting(p_setting), 0));
end;

comment on function tenantry.retention_horizon(text) is
    'The time before which rows may be deleted by that setting; null if they are kept for ever.';
revoke all on function tenantry.retention_horizon from public, anon, authenticated, service_role;
