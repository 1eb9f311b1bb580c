-- Stores the name of an organization normalized and trimmed, on every write through every door.
--
-- The function is a definer function, because a role that can write organizations cannot call private functions.
--
-- Raises: TN001.
create or replace function tenantry.normalize_organization_name() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    new.name := tenantry.normalize_name('name', new.name, 100);
    return new;
end
$$;

comment on function tenantry.normalize_organization_name() is
    'Trigger: stores the name normalized and trimmed, and raises TN001 for one that is partly invisible.';
revoke all on function tenantry.normalize_organization_name from public, anon, authenticated, service_role;

-- The table's own check refuses a blank name.
create or replace trigger normalize_organization_name before insert or update of name on public.organizations
for each row when (new.name ~ '[^[:space:]]') execute function tenantry.normalize_organization_name();
