-- Returns a new time-ordered UUID for the present moment. See uuid_v7_at().
create or replace function tenantry.uuid_v7() returns uuid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := clock_timestamp();
begin
    return tenantry.uuid_v7_at(v_now);
end
$$;

comment on function tenantry.uuid_v7() is 'A new time-ordered UUID.';
revoke all on function tenantry.uuid_v7 from public, anon, authenticated, service_role;
