-- Returns a subscription as it is at a moment, including changes that are due and not written yet. It writes nothing,
-- so a read-only transaction can call it.
--
-- Callers: definer functions. It believes the row, and asks for no permission: callers have current_subscription().
create or replace function tenantry.subscription_at(
    p_subscription public.organization_subscriptions,
    p_at timestamptz
) returns public.organization_subscriptions
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_subscription public.organization_subscriptions := p_subscription;
    v_plan public.subscription_plans;
    v_pending public.subscription_plans;
begin
    loop
        if v_plan.id is distinct from v_subscription.subscription_plan_id then
            select * into v_plan from public.subscription_plans where id = v_subscription.subscription_plan_id;
        end if;
        exit when (tenantry.subscription_due_time(v_subscription, v_plan) <= p_at) is not true;
        select * into v_pending from public.subscription_plans where id = v_subscription.pending_plan_id;
        v_subscription := tenantry.next_subscription_state(v_subscription, v_plan, v_pending);
    end loop;
    return v_subscription;
end
$$;

comment on function tenantry.subscription_at(public.organization_subscriptions, timestamptz) is
    'The subscription with all changes that are due at p_at. Writes nothing.';
revoke all on function tenantry.subscription_at from public, anon, authenticated, service_role;
