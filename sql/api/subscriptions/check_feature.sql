-- Returns whether an organization can use a feature now, and how much of it is left.
--
-- used: the amount that is in use already. With it, the answer is whether one more fits.
--
-- Raises: TN001, TN002, 42501.
-- Callers: holders of organizations:read in the organization.
create or replace function public.check_feature(
    organization_id uuid default null,
    feature text default null,
    used bigint default null,
    out allowed boolean,
    out is_limited boolean,
    out feature_limit bigint,
    out remaining bigint
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_value jsonb;
begin
    if coalesce(check_feature.feature, '') = '' then
        perform tenantry.fail_invalid('feature', 'is required');
    elsif used < 0 then
        perform tenantry.fail_invalid('used', 'must not be negative');
    end if;
    v_value := (tenantry.get_entitlements(check_feature.organization_id)).features -> check_feature.feature;
    allowed := public.has_feature(check_feature.organization_id, check_feature.feature);
    -- A feature whose value is text has no limit to count against.
    if jsonb_typeof(v_value) is distinct from 'string' then
        feature_limit := public.feature_limit(check_feature.organization_id, check_feature.feature);
    end if;
    is_limited := feature_limit is not null;
    if is_limited then
        remaining := greatest(feature_limit - coalesce(used, 0), 0);
        allowed := remaining > 0;
    end if;
end
$$;

comment on function public.check_feature(uuid, text, bigint) is
    'Whether the organization can use the feature now. used: the amount in use already; allowed then says whether one'
    ' more fits. is_limited, feature_limit, remaining: the limit in all, and the amount that is left. Raises TN001,'
    ' TN002, 42501.';
revoke all on function public.check_feature from public, anon, authenticated, service_role;
grant execute on function public.check_feature to authenticated, service_role;
