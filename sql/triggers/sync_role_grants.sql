-- Derives tenantry.role_grants from roles, their permissions and the fields of permissions, on every write.
--
-- Locks: the changed roles, so that the later of two concurrent changes sees the earlier one. The foreign key of
-- role_permissions locks the permission, so that no other transaction changes its resource or action meanwhile: the two
-- columns are a key.
create or replace function tenantry.sync_role_grants() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_roles uuid[];
begin
    if tg_op = 'TRUNCATE' then
        v_roles := array(select r.id from public.roles as r);
    elsif tg_table_name = 'roles' then
        v_roles := array[new.id];
    elsif tg_table_name = 'permissions' then
        v_roles := array(select rp.role_id from public.role_permissions as rp where rp.permission_id = new.id);
    elsif tg_op = 'INSERT' then
        v_roles := array[new.role_id];
    elsif tg_op = 'DELETE' then
        v_roles := array[old.role_id];
    else
        v_roles := array[old.role_id, new.role_id];
    end if;
    perform from public.roles as r where r.id = any (v_roles) order by r.id for no key update;
    insert into tenantry.role_grants as g (role_id, organization_id, permissions)
    select
        r.id, r.organization_id,
        array(
            select p.resource || ':' || p.action
            from public.role_permissions as rp
            join public.permissions as p on p.id = rp.permission_id
            where rp.role_id = r.id
            order by 1
        )
    from public.roles as r
    where r.id = any (v_roles)
    on conflict (role_id) do update
    set organization_id = excluded.organization_id, permissions = excluded.permissions;
    return null;
end
$$;

comment on function tenantry.sync_role_grants() is 'Trigger: derives tenantry.role_grants for the changed roles.';
revoke all on function tenantry.sync_role_grants from public, anon, authenticated, service_role;

create or replace trigger sync_role_grants
after insert or update of organization_id on public.roles
for each row execute function tenantry.sync_role_grants();

create or replace trigger sync_role_grants
after insert or update or delete on public.role_permissions
for each row execute function tenantry.sync_role_grants();

create or replace trigger sync_role_grants_none
after truncate on public.role_permissions
for each statement execute function tenantry.sync_role_grants();

create or replace trigger sync_role_grants
after update of resource, action on public.permissions
for each row execute function tenantry.sync_role_grants();
