-- Checks how many times a subscription takes a plan: 1 to the plan's max_quantity (1000 unless the plan says it), and
-- not beyond the credits of an account or the money of a bill.
--
-- Raises: TN001.
create or replace function tenantry.require_plan_quantity(
    p_plan public.subscription_plans,
    p_quantity integer
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_most constant integer := coalesce((p_plan.features ->> 'max_quantity')::integer, 1000);
begin
    if p_quantity not between 1 and v_most then
        perform tenantry.fail_invalid('quantity', format('must be between 1 and %s for this plan', v_most));
    elsif p_plan.included_credits::bigint * p_quantity > 2147483647 then
        perform tenantry.fail_invalid('quantity', 'is more credits than an account can hold');
    elsif p_plan.price_amount::bigint * p_quantity > 2147483647 then
        perform tenantry.fail_invalid('quantity', 'is more money than a bill can hold');
    end if;
end
$$;

comment on function tenantry.require_plan_quantity(public.subscription_plans, integer) is
    'Raises TN001 unless a subscription can take the plan so many times.';
revoke all on function tenantry.require_plan_quantity from public, anon, authenticated, service_role;
