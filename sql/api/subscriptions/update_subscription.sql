-- Changes a subscription by hand: its status along the allowed transitions, the end of its trial or period, its
-- metadata.
--
-- Status active after past_due: the missing payment came; a period that is over starts anew now. Status active after
-- trial: the trial ends now. Status cancelled or expired: the subscription ends now. Only the metadata of a
-- subscription at Stripe can change: the rest follows Stripe.
--
-- Locks: the organization's row, then the subscription.
-- Raises: TN001, TN002, TN025 (transition not allowed), TN030 (it is at Stripe), TN031 (it has ended), 42501.
-- Callers: holders of platform:subscribe.
create or replace function tenantry.update_subscription(
    p_subscription_id uuid,
    p_status text,
    p_trial_end timestamptz,
    p_current_period_end timestamptz,
    p_metadata jsonb,
    p_update_mask text[]
) returns public.organization_subscriptions
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now timestamptz;
    v_changes constant jsonb := tenantry.masked_values(p_update_mask, jsonb_build_object(
        'status', p_status, 'trial_end', p_trial_end, 'current_period_end', p_current_period_end,
        'metadata', p_metadata));
    v_subscription public.organization_subscriptions;
    v_plan public.subscription_plans;
    v_before text;
begin
    v_subscription := tenantry.lock_subscription(p_subscription_id, 'platform:subscribe');
    v_now := tenantry.clock();
    v_before := v_subscription.status;
    if v_subscription.stripe_subscription_id is not null and v_changes - 'metadata' <> '{}' then
        perform tenantry.fail(
            'TN030', 'the subscription lives at Stripe and follows it',
            jsonb_build_object(
                'subscription_id', p_subscription_id, 'stripe_subscription_id', v_subscription.stripe_subscription_id),
            'Change it at Stripe, or with change_plan, cancel_subscription and resume_subscription.');
    end if;
    perform tenantry.require_metadata(p_metadata);
    if v_changes ? 'metadata' then
        v_subscription.metadata := case
            when v_subscription.metadata ? 'stripe' then
                coalesce(p_metadata, '{}') || jsonb_build_object('stripe', v_subscription.metadata -> 'stripe')
            else p_metadata
        end;
    end if;
    if v_changes - 'metadata' = '{}' then
        return tenantry.write_subscription(v_subscription);
    end if;

    perform tenantry.require_subscription_live(v_subscription);
    if v_changes ? 'trial_end' then
        if v_subscription.status <> 'trial' then
            perform tenantry.fail_invalid('trial_end', 'is for a subscription on trial');
        elsif (p_trial_end > v_now) is not true then
            perform tenantry.fail_invalid('trial_end', 'must lie in the future');
        end if;
        v_subscription.trial_end := p_trial_end;
        v_subscription.current_period_end := p_trial_end;
    end if;
    if v_changes ? 'current_period_end' then
        if v_subscription.status = 'trial' then
            perform tenantry.fail_invalid('current_period_end', 'of a trial is its trial_end');
        elsif (p_current_period_end > v_now) is not true then
            perform tenantry.fail_invalid('current_period_end', 'must lie in the future');
        end if;
        v_subscription.current_period_end := p_current_period_end;
        v_subscription.billing_anchor := p_current_period_end;
    end if;
    select * into v_plan from public.subscription_plans where id = v_subscription.subscription_plan_id;
    if v_changes ? 'status' and p_status is distinct from v_before then
        perform tenantry.require_pattern(
            'status', coalesce(p_status, ''), '^(trial|active|past_due|cancelled|expired)$',
            'trial, active, past_due, cancelled or expired');
        v_subscription.status := p_status;
        v_subscription.past_due_at := case when p_status = 'past_due' then v_now end;
        if p_status in ('cancelled', 'expired') then
            v_subscription.cancelled_at :=
                case when p_status = 'cancelled' then coalesce(v_subscription.cancelled_at, v_now) end;
            return tenantry.end_subscription(v_subscription, p_status, v_now);
        elsif p_status in ('active', 'past_due') and v_before = 'trial' then
            v_subscription.trial_end := v_now;
        end if;
        if p_status = 'active' and (v_before = 'trial' or v_subscription.current_period_end <= v_now)
            or p_status = 'past_due' and v_before = 'trial' then
            v_subscription.billing_anchor := v_now;
            v_subscription.current_period_start := v_now;
            v_subscription.current_period_end :=
                tenantry.next_period_boundary(v_now, v_now, v_plan.interval, v_plan.interval_count);
            v_subscription.cancel_at_period_end := v_before <> 'trial' and v_subscription.cancel_at_period_end;
        end if;
    end if;
    v_subscription := tenantry.write_subscription(v_subscription);
    perform tenantry.adjust_subscription_grants(v_subscription, v_plan, v_now);
    perform tenantry.schedule_settlement(v_subscription.organization_id);
    return v_subscription;
end
$$;

comment on function tenantry.update_subscription(uuid, text, timestamptz, timestamptz, jsonb, text[]) is
    'Checks platform:subscribe and the transition, updates the subscription, and adjusts its credits.';
revoke all on function tenantry.update_subscription from public, anon, authenticated, service_role;
grant execute on function tenantry.update_subscription to authenticated, service_role;

create or replace function public.update_subscription(
    subscription_id uuid default null,
    status text default null,
    trial_end timestamptz default null,
    current_period_end timestamptz default null,
    metadata jsonb default null,
    update_mask text[] default null
) returns public.organization_subscriptions
language sql volatile
return tenantry.update_subscription(subscription_id, status, trial_end, current_period_end, metadata, update_mask);

comment on function public.update_subscription(uuid, text, timestamptz, timestamptz, jsonb, text[]) is
    'Changes a subscription that is not at Stripe: status along the allowed transitions (subscription_transitions),'
    ' trial_end, current_period_end; and the metadata of any subscription, whose "features" take the place of the'
    ' plan''s. update_mask: the fields to set; without a mask, the fields that have a value. Raises TN001, TN002,'
    ' TN025 (transition not allowed), TN030 (it is at Stripe), TN031 (it has ended), 42501.';
revoke all on function public.update_subscription from public, anon, authenticated, service_role;
grant execute on function public.update_subscription to authenticated, service_role;
