-- Checks the features of a plan. They are an object of the plan's author; only these names have a meaning:
--
--   credit_rollover  "none", "all" or a whole number: unspent included credits that move into the next period
--   credit_interval  "monthly": included credits come each month, for any billing period
--   trial_limit      "organization", "user" (the default) or "payment_method": the trial is once for each
--   max_quantity     1 to 1000000, default 1000: the most times that one subscription at Stripe takes the plan
--   grace_days       0 to 365, default 7: days after a missed payment in which nothing changes
--   trial, past_due  objects: features that replace the plan's features in that state
--
-- Raises: TN001.
create or replace function tenantry.require_features(p_features jsonb) returns void
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    c_rules constant text[]
        := array[
            'credit_rollover', 'credit_interval', 'max_quantity', 'grace_days', 'trial_limit', 'trial', 'past_due'];
    v_rollover constant jsonb := p_features -> 'credit_rollover';
    v_grace constant jsonb := p_features -> 'grace_days';
    v_quantity constant jsonb := p_features -> 'max_quantity';
    v_state text;
    v_replaced jsonb;
begin
    if jsonb_typeof(p_features) <> 'object' then
        perform tenantry.fail_invalid('features', 'must be a JSON object');
    elsif v_rollover::text !~ '^("none"|"all"|[0-9]+)$' or v_rollover @? '$ ? (@ > 2147483647)' then
        perform tenantry.fail_invalid('features', 'credit_rollover must be "none", "all" or a whole number of credits');
    elsif p_features -> 'credit_interval' <> '"monthly"' then
        perform tenantry.fail_invalid('features', 'credit_interval must be "monthly"');
    elsif (p_features -> 'trial_limit')::text !~ '^"(organization|user|payment_method)"$' then
        perform tenantry.fail_invalid('features', 'trial_limit must be "organization", "user" or "payment_method"');
    elsif v_quantity::text !~ '^[1-9][0-9]*$' or v_quantity @? '$ ? (@ > 1000000)' then
        perform tenantry.fail_invalid('features', 'max_quantity must be a whole number from 1 to 1000000');
    elsif v_grace::text !~ '^[0-9]+$' or v_grace @? '$ ? (@ > 365)' then
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

comment on function tenantry.require_features(jsonb) is 'Raises TN001 unless the value can be the features of a plan.';
revoke all on function tenantry.require_features from public, anon, authenticated, service_role;
