-- The organizations in which the caller holds a permission: what policies ask, once for a query and not for each row.
--
-- Write it as organization_id = any (array(select public.organizations_with('credits:read'))): the array is made once,
-- then an index serves. Asking has_permission() for each row takes thousands of times as long on a large table.
create or replace function tenantry.organizations_with(p_permission text) returns setof uuid
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    -- Worked out once, not for each role.
    v_user constant uuid := auth.uid();
    v_allowed_by constant text[] := tenantry.allowed_by(p_permission);
    v_organizations uuid[];
begin
    if tenantry.caller() <> 'authenticated' then
        return query select o.id from public.organizations as o where tenantry.is_authorized(p_permission);
        return;
    end if;
    v_organizations := array(
        select distinct ur.organization_id
        from public.user_roles as ur
        join tenantry.role_grants as g on g.role_id = ur.role_id
        where ur.user_id = v_user
          and (g.organization_id is null or g.organization_id = ur.organization_id)
          and g.permissions && v_allowed_by
    );
    if array_position(v_organizations, null) is null then
        return query select unnest(v_organizations);
    else
        -- Held everywhere.
        return query select o.id from public.organizations as o;
    end if;
end
$$;

comment on function tenantry.organizations_with(text) is 'Definer half of public.organizations_with.';
revoke all on function tenantry.organizations_with from public, anon, authenticated, service_role;
grant execute on function tenantry.organizations_with to authenticated, service_role;

create or replace function public.organizations_with(permission text) returns setof uuid
language sql stable
begin atomic
    select tenantry.organizations_with(permission);
end;

comment on function public.organizations_with(text) is
    'Ids of the organizations in which the caller holds the permission (resource:action). For policies:'
    ' organization_id = any (array(select public.organizations_with(''credits:read''))).';
revoke all on function public.organizations_with from public, anon, authenticated, service_role;
grant execute on function public.organizations_with to authenticated, service_role;
