-- Returns a limit that an operator can change: the value of a row of tenantry.settings.
--
-- The function is a definer function, because the table is private.
--
-- Callers: functions and triggers of this project.
create or replace function tenantry.setting(p_name text) returns integer
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    -- A restore of the schema alone brings no row.
    return coalesce((select s.value from tenantry.settings as s where s.name = p_name), 16384);
end
$$;

comment on function tenantry.setting(text) is 'Returns the limit of that name.';
revoke all on function tenantry.setting from public, anon, authenticated, service_role;
