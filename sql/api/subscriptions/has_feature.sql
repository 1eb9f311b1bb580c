-- Returns whether an organization has a feature now. Policies and CHECK constraints of your own tables can call it.
--
-- An organization has a feature if its value is true, a number above 0, any text, or null, which means no limit. The
-- answer is false for an organization that the caller cannot read.
--
-- Raises: nothing.
-- Callers: every signed-in user and the service role. It runs as the caller.
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
    ' if the caller cannot read the organization. For policies and CHECKs of your own tables. Raises nothing.';
revoke all on function public.has_feature from public, anon, authenticated, service_role;
grant execute on function public.has_feature to authenticated, service_role;
