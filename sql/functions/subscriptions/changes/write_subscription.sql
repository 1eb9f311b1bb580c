-- Writes the new state of a subscription if it differs from the stored row.
--
-- p_new: the new state. past_due_at is kept only with the status past_due or expired, and becomes null otherwise.
-- Returns the row as it is stored afterwards.
-- Locks: none of its own. The caller holds the account's lock.
-- Raises: TN025.
create or replace function tenantry.write_subscription(p_new public.organization_subscriptions)
returns public.organization_subscriptions
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_new public.organization_subscriptions := p_new;
begin
    v_new.past_due_at := case when p_new.status in ('past_due', 'expired') then p_new.past_due_at end;
    update public.organization_subscriptions as s
    set (
        subscription_plan_id, stripe_customer_id, status, current_period_start, current_period_end, trial_start,
        trial_end, cancel_at_period_end, cancelled_at, metadata, pending_plan_id, billing_anchor, past_due_at,
        ended_at, pause_collection, quantity, add_ons
    ) = (
        select
        v_new.subscription_plan_id, v_new.stripe_customer_id, v_new.status, v_new.current_period_start,
        v_new.current_period_end, v_new.trial_start, v_new.trial_end, v_new.cancel_at_period_end, v_new.cancelled_at,
        v_new.metadata, v_new.pending_plan_id, v_new.billing_anchor, v_new.past_due_at, v_new.ended_at,
        v_new.pause_collection, v_new.quantity, v_new.add_ons
    )
    where s.id = p_new.id
      and (
        s.subscription_plan_id, s.stripe_customer_id, s.status, s.current_period_start, s.current_period_end,
        s.trial_start, s.trial_end, s.cancel_at_period_end, s.cancelled_at, s.metadata, s.pending_plan_id,
        s.billing_anchor, s.past_due_at, s.ended_at, s.pause_collection, s.quantity, s.add_ons
      ) is distinct from (
        v_new.subscription_plan_id, v_new.stripe_customer_id, v_new.status, v_new.current_period_start,
        v_new.current_period_end, v_new.trial_start, v_new.trial_end, v_new.cancel_at_period_end, v_new.cancelled_at,
        v_new.metadata, v_new.pending_plan_id, v_new.billing_anchor, v_new.past_due_at, v_new.ended_at,
        v_new.pause_collection, v_new.quantity, v_new.add_ons
      );
    select * into v_new from public.organization_subscriptions as s where s.id = p_new.id;
    return v_new;
end
$$;

comment on function tenantry.write_subscription(public.organization_subscriptions) is
    'Writes the changed row of a subscription. Raises TN025.';
revoke all on function tenantry.write_subscription from public, anon, authenticated, service_role;
