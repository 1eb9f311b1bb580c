-- Returns the organizations of the caller that have a feature now. A policy on a large table asks it once a query:
--
-- organization_id = any (array(select public.organizations_with_feature('exports')))
--
-- Raises: nothing.
-- Callers: every signed-in user and the service role. It runs as the caller.
create or replace function public.organizations_with_feature(feature text) returns setof uuid
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select o.id
    from public.organizations_with('organizations:read') as o (id)
    where public.has_feature(o.id, organizations_with_feature.feature);
end;

comment on function public.organizations_with_feature(text) is
    'Ids of the organizations that the caller can read and that have the feature now. For policies: organization_id ='
    ' any (array(select public.organizations_with_feature(''exports''))).';
revoke all on function public.organizations_with_feature from public, anon, authenticated, service_role;
grant execute on function public.organizations_with_feature to authenticated, service_role;
