-- Stores the name of a role normalized and trimmed, also for a DBA, and refuses an own role that looks like a global
-- one.
--
-- A global role is not compared with other roles here: an own role of one organization must not stop a seed.
--
-- Raises: TN001.
create or replace function tenantry.normalize_role() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if new.organization_id is null then
        new.name := tenantry.normalize_name('name', new.name, 50);
    elsif new.display_name is not null
        and (tg_op = 'INSERT' or new.display_name is distinct from old.display_name) then
        new.display_name := tenantry.normalize_role_name(new.display_name, new.organization_id, new.id);
    end if;
    return new;
end
$$;

comment on function tenantry.normalize_role() is
    'Trigger: stores the name normalized, and raises TN001 for an own role that looks like a global role.';
revoke all on function tenantry.normalize_role from public, anon, authenticated, service_role;

-- The table's own check refuses a blank name.
create or replace trigger normalize_role before insert or update of name, display_name on public.roles
for each row when (new.name ~ '[^[:space:]]') execute function tenantry.normalize_role();
