-- Processes the events about an object again that waited for more of it.
--
-- p_id: the object.
-- Locks: as process_stored_event().
create or replace function tenantry.process_waiting_events(p_id text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_event_id text;
begin
    for v_event_id in
        select e.id from tenantry.stripe_events as e
        where e.state = 'pending' and e.object_id = p_id
        order by e.created, e.id
    loop
        perform tenantry.process_stored_event(v_event_id);
    end loop;
end
$$;

comment on function tenantry.process_waiting_events(text) is
    'Processes the events about an object again that waited for more of it.';
revoke all on function tenantry.process_waiting_events from public, anon, authenticated, service_role;
