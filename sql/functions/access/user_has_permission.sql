-- Whether a user holds a permission in an organization: by a role there, or by one that they hold everywhere.
--
-- p_permission: resource:action, a * in either place asks for all. p_organization_id: null asks for everywhere.
-- p_everywhere: whether roles that are held everywhere count.
drop function if exists tenantry.user_has_permission(uuid, text, uuid);
create or replace function tenantry.user_has_permission(
    p_user_id uuid,
    p_permission text,
    p_organization_id uuid,
    p_everywhere boolean default true
) returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    -- Taken apart here, as the query would do it for every permission that there is.
    v_resource constant text := split_part(p_permission, ':', 1);
    v_action constant text := split_part(p_permission, ':', 2);
begin
    return exists (
        select
        from public.user_roles as ur
        join public.roles as r on r.id = ur.role_id
        join public.role_permissions as rp on rp.role_id = ur.role_id
        join public.permissions as p on p.id = rp.permission_id
        where ur.user_id = p_user_id
          and (ur.organization_id = p_organization_id or ur.organization_id is null and p_everywhere)
          and (r.organization_id is null or r.organization_id = ur.organization_id)
          and p.resource in ('*', v_resource)
          and p.action in ('*', v_action)
    );
end
$$;

comment on function tenantry.user_has_permission(uuid, text, uuid, boolean) is
    'Whether the user holds the permission (resource:action) in the organization, or (if p_everywhere) everywhere.';
revoke all on function tenantry.user_has_permission from public, anon, authenticated, service_role;
