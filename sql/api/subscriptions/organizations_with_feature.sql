-- The organizations of the caller that have a feature now: the form for policies on large tables, asked once a query.
--
-- organization_id = any (array(select public.organizations_with_feature('exports')))
-- Runs as the caller: any signed-in user, and the service role. Raises nothing.
create or replace function public.organizations_with_feature(feature text) returns setof uuid
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select o.id
    from public.organizations_with('organizations:read') as o (id)
    where public.has_feature(o.id, organizations_with_feature.feature);
end;

comment on function public.organizations_with_feature(text) is
    'Ids of the organizations that the caller may read and that have the feature now. For policies:'
    ' organization_id = any (array(select public.organizations_with_feature(''exports''))).';
revoke all on function public.organizations_with_feature from public, anon, authenticated, service_role;
grant execute on function public.organizations_with_feature to authenticated, service_role;
