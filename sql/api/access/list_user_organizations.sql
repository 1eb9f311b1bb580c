-- Lists the organizations in which a user holds a role, by name. Runs as the caller, who sees their own organizations,
-- and those of other users where they can see the members.
--
-- Raises: TN001.
-- Callers: any signed-in user, and the service.
create or replace function public.list_user_organizations(
    user_id uuid default null,
    out organizations public.organizations[]
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_user constant uuid := tenantry.user_or_caller(user_id);
begin
    select coalesce(array_agg(o order by o.name), '{}') into organizations
    from public.organizations as o
    where exists (select from public.user_roles as ur where ur.organization_id = o.id and ur.user_id = v_user);
end
$$;

comment on function public.list_user_organizations(uuid) is
    'The organizations that a user (the caller unless given) belongs to. Raises TN001.';
revoke all on function public.list_user_organizations from public, anon, authenticated, service_role;
grant execute on function public.list_user_organizations to authenticated, service_role;
