-- Checks the features of a plan with require_features(), on every write through every door.
--
-- The function is a definer function, because a role that can write plans cannot call private functions.
--
-- Raises: TN001.
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
    'Trigger: raises TN001 unless the value can be the features of a plan.';
revoke all on function tenantry.require_plan_features from public, anon, authenticated, service_role;

create or replace trigger require_plan_features before insert or update of features on public.subscription_plans
for each row execute function tenantry.require_plan_features();
