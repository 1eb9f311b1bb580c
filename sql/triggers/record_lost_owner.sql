-- When the account of an organization's last owner is deleted, the organization goes on without one: its data, its
-- credits and the roles of its other members stay. Deleting an account is never refused for it. An event tells the
-- platform, which appoints another owner by assign_role().
--
-- Locks: the organization's row.
create or replace function tenantry.record_lost_owner() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from public.roles as r where r.id = old.role_id and r.name = 'owner') then
        return null;
    end if;
    -- One at a time, so that of two last owners who leave at once the later sees that nobody is left.
    perform tenantry.lock_organization(old.organization_id);
    insert into tenantry.events (organization_id, event_type, payload, created_at)
    select o.id, 'owner_lost', jsonb_build_object('user_id', old.user_id), clock_timestamp()
    from public.organizations as o
    join public.roles as r on r.id = old.role_id and r.name = 'owner'
    where o.id = old.organization_id
      and not exists (
          select from public.user_roles as ur where ur.organization_id = o.id and ur.role_id = r.id
      );
    if found then
        perform pg_notify('tenantry_events', old.organization_id::text);
    end if;
    return null;
end
$$;

comment on function tenantry.record_lost_owner() is
    'Trigger: records owner_lost when an organization''s last owner is gone.';
revoke all on function tenantry.record_lost_owner from public, anon, authenticated, service_role;

create or replace trigger record_lost_owner
after delete on public.user_roles
for each row execute function tenantry.record_lost_owner();
