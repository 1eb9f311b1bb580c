-- Records the trial of a subscription at Stripe, and returns whether the limit of a plan allows it.
--
-- Its metadata name the user who opened the checkout page. The payment method is known once Stripe has reported it with
-- payment_method.attached.
--
-- p_subscription: a subscription at Stripe. p_plan: the plan whose limit counts. p_at: the present time.
-- Locks: as use_trial(). The caller holds the lock of the organization's row.
create or replace function tenantry.use_stripe_trial(
    p_subscription public.organization_subscriptions,
    p_plan public.subscription_plans,
    p_at timestamptz
) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_user constant text := p_subscription.metadata #>> '{stripe,tenantry_user_id}';
begin
    return tenantry.use_trial(
        p_subscription.organization_id, tenantry.trial_limit(p_plan),
        case when tenantry.is_uuid(v_user) then v_user::uuid end,
        (
            select m.data #>> array[m.data ->> 'type', 'fingerprint']
            from tenantry.stripe_objects as s
            join tenantry.stripe_objects as m on m.id = coalesce(
                tenantry.stripe_id(s.data -> 'default_payment_method'), tenantry.default_payment_method(s.customer))
            where s.id = p_subscription.stripe_subscription_id
        ),
        p_at);
end
$$;

comment on function tenantry.use_stripe_trial(
    public.organization_subscriptions, public.subscription_plans, timestamptz
) is 'Records the trial of a subscription at Stripe, and returns whether the plan''s limit allows it.';
revoke all on function tenantry.use_stripe_trial from public, anon, authenticated, service_role;
