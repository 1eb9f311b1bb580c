-- How much of a feature an organization may use now: for policies and CHECKs of your own tables.
--
-- The number that the plan gives, rounded down; null, so no limit, where the plan says null or true; 0 where it says
-- nothing or false, or the caller may not read the organization. Raises nothing.
-- Runs as the caller: any signed-in user, and the service role.
create or replace function public.feature_limit(organization_id uuid default null, feature text default null)
returns bigint
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select case
        when f.value is null then 0
        when jsonb_typeof(f.value) = 'number' then
            floor(least(greatest(f.value::numeric, 0), 9223372036854775807))::bigint
        when f.value in ('null', 'true') then null
        else 0
    end
    from tenantry.feature_value(feature_limit.organization_id, feature_limit.feature) as f (value);
end;

comment on function public.feature_limit(uuid, text) is
    'How much of the feature the organization may use now: a number, null for no limit, 0 where it has none or the'
    ' caller may not read the organization. For policies and CHECKs of your own: used < feature_limit(…) is true of no'
    ' limit only with coalesce(…, true). Raises nothing.';
revoke all on function public.feature_limit from public, anon, authenticated, service_role;
grant execute on function public.feature_limit to authenticated, service_role;
