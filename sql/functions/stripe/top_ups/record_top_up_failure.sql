-- Records an event that credits ran low and none were bought, with the reason.
create or replace function tenantry.record_top_up_failure(p_organization_id uuid, p_payload jsonb) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into tenantry.events (organization_id, event_type, payload, created_at)
    values (p_organization_id, 'auto_top_up_failed', jsonb_strip_nulls(p_payload), tenantry.clock());
    perform tenantry.notify('tenantry_events');
end
$$;

comment on function tenantry.record_top_up_failure(uuid, jsonb) is 'Records an auto_top_up_failed event.';
revoke all on function tenantry.record_top_up_failure from public, anon, authenticated, service_role;
