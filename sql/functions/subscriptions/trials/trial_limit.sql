-- Returns the limit of a plan's trial: organization, user or payment_method. The trial is once for each of these.
create or replace function tenantry.trial_limit(p_plan public.subscription_plans) returns text
language sql immutable
return coalesce(p_plan.features ->> 'trial_limit', 'user');

comment on function tenantry.trial_limit(public.subscription_plans) is
    'The limit of the plan''s trial: organization, user or payment_method.';
revoke all on function tenantry.trial_limit from public, anon, authenticated, service_role;
