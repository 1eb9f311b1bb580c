-- Writes the due changes of an organization's live subscription, and grants the credits of the period that begins.
--
-- p_at: the moment at which a change is due.
-- Locks: the subscription. The caller holds the account's lock and has applied the other due events.
create or replace function tenantry.advance_subscription(p_organization_id uuid, p_at timestamptz) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_subscription public.organization_subscriptions;
    v_plan public.subscription_plans;
    v_pending public.subscription_plans;
begin
    select * into v_subscription
    from public.organization_subscriptions as s
    where s.organization_id = p_organization_id and s.ended_at is null
    for update;
    if not found then
        return;
    end if;
    select * into v_plan from public.subscription_plans where id = v_subscription.subscription_plan_id;
    if (tenantry.subscription_due_time(v_subscription, v_plan) <= p_at) is not true then
        return;
    end if;
    select * into v_pending from public.subscription_plans where id = v_subscription.pending_plan_id;
    v_subscription := tenantry.write_subscription(tenantry.next_subscription_state(v_subscription, v_plan, v_pending));
    -- A subscription at Stripe grants credits for paid invoices: see recompute_stripe_subscriptions().
    if v_subscription.stripe_subscription_id is null then
        select * into v_plan from public.subscription_plans where id = v_subscription.subscription_plan_id;
        perform tenantry.adjust_subscription_grants(v_subscription, v_plan, p_at);
    end if;
end
$$;

comment on function tenantry.advance_subscription(uuid, timestamptz) is
    'Writes the due changes of the organization''s live subscription. The caller holds the account''s lock.';
revoke all on function tenantry.advance_subscription from public, anon, authenticated, service_role;
