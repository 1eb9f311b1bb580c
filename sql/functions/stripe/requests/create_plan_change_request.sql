-- Requests that Stripe changes the plan of a subscription.
--
-- - A change now, with the same billing period: Stripe charges or credits the difference.
-- - A change now, with another billing period: a new period starts. Nothing is credited, because the credits of the old
--   period stay.
-- - A change at renewal: Stripe changes the plan now and charges nothing. A note in the metadata says which plan holds
--   until then; recompute_stripe_subscriptions() follows it.
--
-- Until a change at renewal takes effect, only another change at renewal is possible: Stripe has the later plan
-- already, so a change now would cost nothing, or give back money that was never paid. A change at renewal to the
-- present plan removes the note. During a trial, when a change costs nothing, only a plan that offers a trial is
-- possible.
--
-- Raises: TN001 for a change at renewal between billing periods of different length, since Stripe would start the new
-- one now; TN001 for a change now while a change at renewal is pending; TN028 for a trial and a plan that has none;
-- TN047.
create or replace function tenantry.create_plan_change_request(
    p_subscription public.organization_subscriptions,
    p_old public.subscription_plans,
    p_new public.subscription_plans,
    p_at_renewal boolean
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_comes_later constant boolean := p_at_renewal and p_new.id <> p_old.id;
    -- Null if the present plan is not known here.
    v_other_period constant boolean :=
        (p_new.interval, p_new.interval_count) <> (p_old.interval, p_old.interval_count);
    v_item constant jsonb := (
        select o.data #> '{items,data,0}' from tenantry.stripe_objects as o
        where o.id = p_subscription.stripe_subscription_id
    );
begin
    if p_at_renewal and v_other_period is not false then
        perform tenantry.fail_invalid(
            'at_renewal', 'is for a plan with the same billing period; a change to another starts it now');
    elsif tenantry.is_local_stripe_id(p_new.stripe_price_id) then
        perform tenantry.fail_invalid('subscription_plan', 'has no price at Stripe yet');
    elsif not p_at_renewal and (
        p_subscription.pending_plan_id is not null
        or exists (
            select from tenantry.stripe_requests as r
            where r.organization_id = p_subscription.organization_id and r.operation = 'change_plan'
              and r.subject_id = p_subscription.id and r.state = 'pending'
              and r.params #>> '{metadata,tenantry_plan_until}' <> ''
        )
    ) then
        perform tenantry.fail_invalid(
            'at_renewal',
            'must be true while another plan is to come at renewal;'
            ' a change at renewal to the present plan takes it back');
    elsif not p_at_renewal and p_subscription.status = 'trial' then
        perform tenantry.require_trial_offered(p_new);
    end if;
    perform tenantry.create_subscription_request(
        p_subscription, 'change_plan', 'post',
        jsonb_build_object(
            'items', jsonb_build_array(jsonb_build_object('id', v_item ->> 'id', 'price', p_new.stripe_price_id)),
            'proration_behavior', case when p_at_renewal or v_other_period then 'none' else 'always_invoice' end,
            -- Without the payment, Stripe does not change the plan.
            'payment_behavior', case when not p_at_renewal then 'error_if_incomplete' end,
            'metadata', jsonb_build_object(
                'tenantry_plan_until', case
                    when v_comes_later then extract(epoch from p_subscription.current_period_end)::bigint::text
                    else ''
                end,
                'tenantry_plan_meanwhile', case when v_comes_later then p_old.id::text else '' end)));
end
$$;

comment on function tenantry.create_plan_change_request(
    public.organization_subscriptions, public.subscription_plans, public.subscription_plans, boolean
) is 'Creates a request that changes the plan of a subscription at Stripe. Raises TN001, TN028, TN047.';
revoke all on function tenantry.create_plan_change_request from public, anon, authenticated, service_role;
