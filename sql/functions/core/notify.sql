-- Wakes the sessions that listen on a channel, when the transaction commits.
--
-- A notification has no payload. Every login of the database can listen, and must not learn of tenants. A listener
-- reads the rows that it may read. Every login can also send a NOTIFY of its own: it wakes the listeners, and they find
-- nothing new.
create or replace function tenantry.notify(p_channel text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_notify(p_channel, '');
end
$$;

comment on function tenantry.notify(text) is 'Wakes the sessions that listen on the channel; tells them nothing more.';
revoke all on function tenantry.notify from public, anon, authenticated, service_role;
