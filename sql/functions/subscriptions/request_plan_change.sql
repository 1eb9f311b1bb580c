-- Asks Stripe to move a subscription to another plan: now, with the difference charged or credited; or from the next
-- renewal on, with nothing charged until then and a note of which plan holds meanwhile, which sync_subscriptions()
-- honours.
--
-- Raises TN001 for a change at renewal between billing periods of different length: Stripe would start the new one now.
create or replace function tenantry.request_plan_change(
    p_subscription public.organization_subscriptions,
    p_old public.subscription_plans,
    p_new public.subscription_plans,
    p_at_renewal boolean
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_item constant jsonb := (
        select o.data #> '{items,data,0}' from tenantry.stripe_objects as o
        where o.id = p_subscription.stripe_subscription_id
    );
begin
    if p_at_renewal
        and (p_new.interval, p_new.interval_count) is distinct from (p_old.interval, p_old.interval_count) then
        perform tenantry.fail_invalid(
            'at_renewal', 'is for a plan with the same billing period; a change to another starts it now');
    elsif tenantry.is_local(p_new.stripe_price_id) then
        perform tenantry.fail_invalid('subscription_plan', 'has no price at Stripe yet');
    end if;
    perform tenantry.request_stripe(
        'change_plan', p_subscription.organization_id, p_subscription.id, 'post',
        '/v1/subscriptions/' || p_subscription.stripe_subscription_id,
        jsonb_build_object(
            'items', jsonb_build_array(jsonb_build_object('id', v_item ->> 'id', 'price', p_new.stripe_price_id)),
            'proration_behavior', case when p_at_renewal then 'none' else 'always_invoice' end,
            'metadata', jsonb_build_object(
                'tenantry_plan_until', case
                    when p_at_renewal then extract(epoch from p_subscription.current_period_end)::bigint::text
                    else ''
                end,
                'tenantry_plan_meanwhile', case when p_at_renewal then p_old.id::text else '' end)));
end
$$;

comment on function tenantry.request_plan_change(
    public.organization_subscriptions, public.subscription_plans, public.subscription_plans, boolean
) is 'Asks Stripe to move a subscription to another plan. Raises TN001.';
revoke all on function tenantry.request_plan_change from public, anon, authenticated, service_role;
