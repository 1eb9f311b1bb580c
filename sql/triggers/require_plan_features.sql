-- Holds the features of every plan against tenantry.require_features(), whoever writes through whichever door. Definer,
-- as who may write plans may not call what it calls. Raises TN001.
create or replace function tenantry.require_plan_features() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.require_features(new.features);
    return new;
end
$$;

comment on function tenantry.require_plan_features() is
    'Trigger: raises TN001 when the features of a plan are not fit to be any.';
revoke all on function tenantry.require_plan_features from public, anon, authenticated, service_role;

create or replace trigger require_plan_features before insert or update of features on public.subscription_plans
for each row execute function tenantry.require_plan_features();
