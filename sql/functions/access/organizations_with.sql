-- The organizations in which the caller holds a permission: what policies ask, once for a query and not for each row.
--
-- Write it as organization_id = any (array(select public.organizations_with('credits:read'))): the array is made once,
-- then an index serves. Asking has_permission() for each row takes thousands of times as long on a large table.
create or replace function tenantry.organizations_with(p_permission text) returns setof uuid
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_user constant uuid := auth.uid();
    -- Taken apart here, as the query would do it for every permission that there is.
    v_resource constant text := split_part(p_permission, ':', 1);
    v_action constant text := split_part(p_permission, ':', 2);
begin
    if tenantry.caller() <> 'authenticated' then
        return query select o.id from public.organizations as o where tenantry.is_authorized(p_permission);
    else
        return query
        with held as materialized (
            select distinct ur.organization_id
            from public.user_roles as ur
            join public.roles as r on r.id = ur.role_id
            join public.role_permissions as rp on rp.role_id = ur.role_id
            join public.permissions as p on p.id = rp.permission_id
            where ur.user_id = v_user
              and (r.organization_id is null or r.organization_id = ur.organization_id)
              and p.resource in ('*', v_resource)
              and p.action in ('*', v_action)
        )
        select h.organization_id from held as h
        where h.organization_id is not null and not exists (select from held where organization_id is null)
        union all
        -- Held everywhere.
        select o.id from public.organizations as o
        where exists (select from held where organization_id is null);
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
