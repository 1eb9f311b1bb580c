-- Whether an organization may use a feature now, and how much of it is left.
--
-- used: how much is used already; with it the answer is whether one more fits.
-- Raises TN001, TN002, 42501. Callers: who holds organizations:read there.
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
    -- Text is had or not had; there is nothing to count.
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
    'Whether the organization may use the feature now. used: how much it uses already; allowed is whether one more'
    ' fits. is_limited, feature_limit, remaining: how much there is in all, and left. Raises TN001, TN002, 42501.';
revoke all on function public.check_feature from public, anon, authenticated, service_role;
grant execute on function public.check_feature to authenticated, service_role;
