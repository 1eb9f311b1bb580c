-- Returns the organizations in which the caller holds a permission, each once. Policies of applications call it; the
-- policies here call allowed_organizations().
--
-- Callers: any signed-in user, and the service role. It runs as the caller and raises no error.
create or replace function public.organizations_with(permission text) returns setof uuid
language sql stable
begin atomic
    select distinct o.id from unnest(tenantry.allowed_organizations(permission)) as o (id);
end;

comment on function public.organizations_with(text) is
    'Ids of the organizations in which the caller holds the permission (resource:action). For policies:'
    ' organization_id = any (array(select public.organizations_with(''credits:read''))).';
revoke all on function public.organizations_with from public, anon, authenticated, service_role;
grant execute on function public.organizations_with to authenticated, service_role;
