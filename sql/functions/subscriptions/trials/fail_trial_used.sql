-- Raises the error that the limit of a plan's trial does not allow a further trial.
--
-- Raises: TN028.
create or replace function tenantry.fail_trial_used(
    p_organization_id uuid,
    p_plan public.subscription_plans
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_limit constant text := tenantry.trial_limit(p_plan);
begin
    perform tenantry.fail(
        'TN028',
        case v_limit
            when 'user' then format('plan "%s" has one trial for each user, and the user has had one', p_plan.name)
            else format('plan "%s" has one trial for each payment method: it starts on a checkout page, with one that'
                ' has had no trial', p_plan.name)
        end,
        jsonb_build_object(
            'organization_id', p_organization_id, 'subscription_plan_id', p_plan.id, 'trial_limit', v_limit,
            'cause', case v_limit when 'user' then 'USER_HAD_A_TRIAL' else 'PAYMENT_METHOD_REQUIRED' end),
        'Subscribe without a trial.');
end
$$;

comment on function tenantry.fail_trial_used(uuid, public.subscription_plans) is
    'Raises TN028: the limit of the plan''s trial does not allow a further trial.';
revoke all on function tenantry.fail_trial_used from public, anon, authenticated, service_role;
