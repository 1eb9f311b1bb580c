-- Takes away what charge_on_insert() attached; nothing where nothing is attached.
-- Raises 42501 (the caller does not own the table).
create or replace function public.stop_charging(charged_table regclass) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('drop trigger if exists tenantry_charge on %s', charged_table);
end
$$;

comment on function public.stop_charging(regclass) is
    'INSERTs into the table are not charged any more. Raises 42501 (not the owner).';
revoke all on function public.stop_charging from public, anon, authenticated, service_role;
