-- Lists the permissions of a role by name. Runs as the caller.
--
-- Raises: TN001, TN002.
-- Callers: any signed-in user, and the service.
create or replace function public.list_role_permissions(
    role text default null,
    out permissions public.permissions[]
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_role public.roles;
begin
    v_role := tenantry.find_role(list_role_permissions.role);
    select coalesce(array_agg(p order by p.name), '{}') into permissions
    from public.role_permissions as rp
    join public.permissions as p on p.id = rp.permission_id
    where rp.role_id = v_role.id;
end
$$;

comment on function public.list_role_permissions(text) is
    'The permissions of a role, by name. role: id or name. Raises TN001, TN002.';
revoke all on function public.list_role_permissions from public, anon, authenticated, service_role;
grant execute on function public.list_role_permissions to authenticated, service_role;
