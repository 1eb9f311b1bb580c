-- Lists the roles that a user holds in an organization, including the roles that they hold everywhere. Runs as the
-- caller.
--
-- Raises: TN001.
-- Callers: any signed-in user, and the service.
create or replace function public.list_user_roles(
    user_id uuid default null,
    organization_id uuid default null,
    out roles public.roles[]
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_user constant uuid := tenantry.user_or_caller(user_id);
begin
    select coalesce(array_agg(r order by r.name), '{}') into roles
    from public.roles as r
    where exists (
        select from public.user_roles as ur
        where ur.role_id = r.id and ur.user_id = v_user
          and (list_user_roles.organization_id is null or ur.organization_id is null
              or ur.organization_id = list_user_roles.organization_id)
    );
end
$$;

comment on function public.list_user_roles(uuid, uuid) is
    'The roles of a user (the caller unless given), in one organization or, without one, in any. Raises TN001.';
revoke all on function public.list_user_roles from public, anon, authenticated, service_role;
grant execute on function public.list_user_roles to authenticated, service_role;
