-- Builds a plan from values, fills in the defaults, and names the argument that is wrong. The columns would refuse the
-- same values. A trigger checks the features, because it holds for every kind of write.
--
-- p_plan: every column by its name.
--
-- Raises: TN001.
create or replace function tenantry.build_subscription_plan(p_plan jsonb) returns public.subscription_plans
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_local constant text := 'local:' || (p_plan ->> 'id');
    v_interval constant text := p_plan ->> 'interval';
    v_count constant integer := coalesce((p_plan ->> 'interval_count')::integer, 1);
    v_longest constant integer := case v_interval
        when 'daily' then 1095 when 'weekly' then 156 when 'monthly' then 36 when 'annual' then 3
    end;
begin
    perform tenantry.require_catalog_name(p_plan ->> 'name');
    perform tenantry.require_stripe_id('stripe_price_id', p_plan ->> 'stripe_price_id', p_plan ->> 'id');
    perform tenantry.require_stripe_id('stripe_product_id', p_plan ->> 'stripe_product_id', p_plan ->> 'id');
    if p_plan ->> 'price_amount' is null then
        perform tenantry.fail_invalid('price_amount', 'is required');
    elsif (p_plan ->> 'price_amount')::integer < 0 then
        perform tenantry.fail_invalid('price_amount', 'must not be negative');
    elsif v_interval is null then
        perform tenantry.fail_invalid('interval', 'is required');
    elsif v_longest is null then
        perform tenantry.fail_invalid('interval', 'must be daily, weekly, monthly or annual');
    elsif v_count not between 1 and v_longest then
        perform tenantry.fail_invalid(
            'interval_count', format('must be 1 to %s, as a period is three years at most', v_longest));
    elsif (p_plan ->> 'included_credits')::integer < 0 then
        perform tenantry.fail_invalid('included_credits', 'must not be negative');
    elsif (p_plan ->> 'max_users')::integer <= 0 then
        perform tenantry.fail_invalid('max_users', 'must be greater than 0, or unset for no limit');
    elsif (p_plan ->> 'trial_period_days')::integer not between 0 and 730 then
        perform tenantry.fail_invalid('trial_period_days', 'must be 0 to 730');
    end if;
    return jsonb_populate_record(null::public.subscription_plans, p_plan || jsonb_build_object(
        'stripe_price_id', coalesce(p_plan ->> 'stripe_price_id', v_local),
        'stripe_product_id', coalesce(p_plan ->> 'stripe_product_id', v_local),
        'currency', coalesce(tenantry.normalize_currency(p_plan ->> 'currency'), 'USD'),
        'interval_count', v_count,
        'included_credits', coalesce((p_plan ->> 'included_credits')::integer, 0)));
end
$$;

comment on function tenantry.build_subscription_plan(jsonb) is
    'The plan with these values, by column. Raises TN001 for a value that a plan cannot have.';
revoke all on function tenantry.build_subscription_plan from public, anon, authenticated, service_role;
