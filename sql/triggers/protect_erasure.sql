-- Keeps an organization inactive that is erased.
--
-- Raises: TN051.
create or replace function tenantry.protect_erasure() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if new.is_active and tenantry.is_erased(new.id) then
        perform tenantry.fail(
            'TN051', 'the organization is being erased', jsonb_build_object('organization_id', new.id));
    end if;
    return new;
end
$$;

comment on function tenantry.protect_erasure() is 'Trigger: raises TN051 for an organization that is being erased.';
revoke all on function tenantry.protect_erasure from public, anon, authenticated, service_role;

create or replace trigger protect_erasure
before update of is_active on public.organizations
for each row execute function tenantry.protect_erasure();
