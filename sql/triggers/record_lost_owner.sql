-- Records an event when the deletion of an account removes an organization's last owner.
--
-- A deletion of an account is never refused for this reason. The organization keeps its data, its credits and the roles
-- of its other members. The event tells the platform, which appoints a new owner with assign_role().
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
    -- One deletion at a time: if two last owners leave at once, the later one sees that no owner is left.
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
        perform tenantry.notify('tenantry_events');
    end if;
    return null;
end
$$;

comment on function tenantry.record_lost_owner() is
    'Trigger: records owner_lost when an organization loses its last owner.';
revoke all on function tenantry.record_lost_owner from public, anon, authenticated, service_role;

create or replace trigger record_lost_owner
after delete on public.user_roles
for each row execute function tenantry.record_lost_owner();
