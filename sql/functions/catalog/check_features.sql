-- The features of a plan: an object that is the plan's author's own, but for the names that have a meaning here.
--
--   credit_rollover  "none", "all", or a whole number: how many unspent included credits come along into the next period
--   credit_interval  "monthly": included credits come each month, whatever the billing period
--   grace_days       0 to 365: how long a missing payment changes nothing
--   trial, past_due  objects: features that replace the plan's in that state
--
-- Raises TN001.
create or replace function tenantry.check_features(p_features jsonb) returns void
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    c_rules constant text[] := array['credit_rollover', 'credit_interval', 'grace_days', 'trial', 'past_due'];
    v_rollover constant jsonb := p_features -> 'credit_rollover';
    v_state text;
    v_replaced jsonb;
begin
    if jsonb_typeof(p_features) <> 'object' then
        perform tenantry.fail_invalid('features', 'must be a JSON object');
    elsif v_rollover not in ('"none"', '"all"')
        and not v_rollover @? 'strict $ ? (@ >= 0 && @ <= 2147483647 && @ % 1 == 0)' then
        perform tenantry.fail_invalid('features', 'credit_rollover must be "none", "all" or a whole number of credits');
    elsif p_features -> 'credit_interval' <> '"monthly"' then
        perform tenantry.fail_invalid('features', 'credit_interval must be "monthly"');
    elsif not p_features -> 'grace_days' @? 'strict $ ? (@ >= 0 && @ <= 365 && @ % 1 == 0)' then
        perform tenantry.fail_invalid('features', 'grace_days must be a whole number from 0 to 365');
    end if;
    foreach v_state in array array['trial', 'past_due'] loop
        v_replaced := p_features -> v_state;
        if jsonb_typeof(v_replaced) <> 'object' then
            perform tenantry.fail_invalid('features', format('%s must be an object of features', v_state));
        elsif v_replaced ?| c_rules then
            perform tenantry.fail_invalid(
                'features', format('%s replaces features, not %s', v_state, array_to_string(c_rules, ', ')));
        end if;
    end loop;
end
$$;

comment on function tenantry.check_features(jsonb) is
    'Raises TN001 when the value is not fit to be the features of a plan.';
revoke all on function tenantry.check_features(jsonb) from public, anon, authenticated, service_role;

-- Whoever writes, through whichever door. Definer, as who may write plans may not call what it calls.
create or replace function tenantry.check_features() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.check_features(new.features);
    return new;
end
$$;

comment on function tenantry.check_features() is 'Trigger: raises TN001 when the features of a plan are not fit to be any.';
revoke all on function tenantry.check_features() from public, anon, authenticated, service_role;

create or replace trigger check_features before insert or update of features on public.subscription_plans
for each row execute function tenantry.check_features();
