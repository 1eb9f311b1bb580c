-- Raises an error for a plan that offers no trial.
--
-- Raises: TN028.
create or replace function tenantry.require_trial_offered(p_plan public.subscription_plans) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if coalesce(p_plan.trial_period_days, 0) = 0 then
        perform tenantry.fail(
            'TN028', format('plan "%s" has no trial', p_plan.name),
            jsonb_build_object('subscription_plan_id', p_plan.id, 'cause', 'PLAN_HAS_NO_TRIAL'));
    end if;
end
$$;

comment on function tenantry.require_trial_offered(public.subscription_plans) is
    'Raises TN028 for a plan that offers no trial.';
revoke all on function tenantry.require_trial_offered from public, anon, authenticated, service_role;
