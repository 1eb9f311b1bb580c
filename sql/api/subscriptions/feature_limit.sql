-- Returns how much of a feature an organization can use now. Policies and CHECK constraints of your own tables can call
-- it.
--
-- The result is the number in the plan, rounded down. It is null, for no limit, if the plan says null or true. It is 0
-- if the plan says nothing or false, or if the caller cannot read the organization.
--
-- Raises: nothing.
-- Callers: every signed-in user and the service role. It runs as the caller.
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
    'How much of the feature the organization can use now: a number, null for no limit, 0 if it does not have the'
    ' feature or the caller cannot read the organization. Policies and CHECKs of your own tables write coalesce(used <'
    ' feature_limit(…), true), because the limit can be null. Raises nothing.';
revoke all on function public.feature_limit from public, anon, authenticated, service_role;
grant execute on function public.feature_limit to authenticated, service_role;
