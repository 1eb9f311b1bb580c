-- Detaches the charge that charge_on_insert() attached to a table. Without one it does nothing.
--
-- Locks: the table (ACCESS EXCLUSIVE, for the moment of DROP TRIGGER).
-- Raises: 42501 (the caller does not own the table).
-- Callers: the owner of the table.
create or replace function public.stop_charging(charged_table regclass) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('drop trigger if exists tenantry_charge on %s', charged_table);
end
$$;

comment on function public.stop_charging(regclass) is
    'INSERTs into the table are no longer charged. Raises 42501 (not the owner).';
revoke all on function public.stop_charging from public, anon, authenticated, service_role;
