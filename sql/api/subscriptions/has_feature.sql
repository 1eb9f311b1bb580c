-- Whether an organization has a feature now: for policies and CHECKs of your own tables. A feature is had if its value
-- is true, a number above 0, or any text; null stands for a limit that there is not, and is had.
--
-- False for an organization that the caller may not read. Raises nothing.
-- Runs as the caller: any signed-in user, and the service role.
create or replace function public.has_feature(
    organization_id uuid default null,
    feature text default null
) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select coalesce(
        case jsonb_typeof(f.value)
            when 'boolean' then f.value = 'true'
            when 'number' then f.value::numeric > 0
            else true
        end and f.value is not null, false)
    from tenantry.feature_value(has_feature.organization_id, has_feature.feature) as f (value);
end;

comment on function public.has_feature(uuid, text) is
    'Whether the organization has the feature now: its value is true, a number above 0, null (no limit) or text. False'
    ' where the caller may not read the organization. For policies and CHECKs of your own. Raises nothing.';
revoke all on function public.has_feature from public, anon, authenticated, service_role;
grant execute on function public.has_feature to authenticated, service_role;
