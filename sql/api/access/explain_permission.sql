-- Explains why a user holds a permission, or why not: lists every assignment and role that gives it, as far as the
-- caller can see them.
--
-- Raises: TN001, 42501 (for another user without members:read there).
-- Callers: any signed-in user for themselves; holders of members:read there for other users.
create or replace function tenantry.explain_permission(
    p_organization_id uuid,
    p_permission text,
    p_user_id uuid,
    out allowed boolean,
    out reason text,
    out paths public.permission_path[]
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_user uuid;
    v_everywhere boolean;
begin
    perform tenantry.require_permission_name(p_permission);
    v_user := tenantry.resolve_user(p_user_id, p_organization_id);
    v_everywhere := tenantry.is_global_role_visible(v_user);
    select coalesce(array_agg(row(
        ur.id, r.id, coalesce(r.display_name, r.name), p.resource || ':' || p.action, ur.organization_id
    )::public.permission_path order by r.name, p.name), '{}')
    into paths
    from public.user_roles as ur
    join public.roles as r on r.id = ur.role_id
    join public.role_permissions as rp on rp.role_id = r.id
    join public.permissions as p on p.id = rp.permission_id
    where ur.user_id = v_user
      and (ur.organization_id = p_organization_id or ur.organization_id is null and v_everywhere)
      and (r.organization_id is null or r.organization_id = ur.organization_id)
      and p.resource || ':' || p.action = any (tenantry.permissions_granting(p_permission));
    allowed := cardinality(paths) > 0 and not tenantry.is_account_blocked(v_user);
    reason := case
        when allowed then 'a role that the user holds has the permission'
        when cardinality(paths) > 0 then 'the account is deleted or banned'
        -- A caller who only sees a user's roles here must not learn whether the account exists.
        when v_everywhere and not exists (select from auth.users as u where u.id = v_user) then 'there is no such user'
        when not exists (
            select from public.user_roles as ur
            where ur.user_id = v_user
              and (ur.organization_id = p_organization_id or ur.organization_id is null and v_everywhere)
        ) then 'the user holds no role here'
        else 'no role that the user holds here has the permission'
    end;
end
$$;

comment on function tenantry.explain_permission(uuid, text, uuid) is
    'Checks that the caller may ask for the user, and lists the assignments that give the permission.';
revoke all on function tenantry.explain_permission from public, anon, authenticated, service_role;
grant execute on function tenantry.explain_permission to authenticated, service_role;

create or replace function public.explain_permission(
    organization_id uuid default null,
    permission text default null,
    user_id uuid default null,
    out allowed boolean,
    out reason text,
    out paths public.permission_path[]
)
language sql stable
begin atomic
    select x.allowed, x.reason, x.paths
    from tenantry.explain_permission(organization_id, permission, user_id) as x;
end;

comment on function public.explain_permission(uuid, text, uuid) is
    'Whether a user (the caller unless given) holds the permission in the organization; the assignments and roles'
    ' that give it, or the reason why not. Raises TN001, 42501.';
revoke all on function public.explain_permission from public, anon, authenticated, service_role;
grant execute on function public.explain_permission to authenticated, service_role;
