-- Checks that no live subscription has a plan or changes to it at its renewal.
--
-- p_field: the field that the update changes; null for none. p_remedy: the hint in the error.
--
-- Locks: the plan's row, against new subscriptions.
-- Raises: TN033.
create or replace function tenantry.require_plan_unused(p_plan_id uuid, p_field text, p_remedy text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_name text;
    v_subscriptions bigint;
    v_pending bigint;
begin
    -- A new subscription locks its plan for key share. This lock is stronger, so it waits for such a transaction.
    select p.name into v_name from public.subscription_plans as p where p.id = p_plan_id for update;
    select
        count(*) filter (where s.subscription_plan_id = p_plan_id),
        count(*) filter (where s.pending_plan_id = p_plan_id)
    into v_subscriptions, v_pending
    from public.organization_subscriptions as s
    where (s.subscription_plan_id = p_plan_id or s.pending_plan_id = p_plan_id)
      and s.ended_at is null;
    if v_subscriptions + v_pending > 0 then
        perform tenantry.fail(
            'TN033',
            format('plan "%s" is in use: %s live subscriptions have it, %s change to it',
                v_name, v_subscriptions, v_pending),
            jsonb_strip_nulls(jsonb_build_object(
                'field', p_field, 'subscription_plan', v_name, 'subscriptions', v_subscriptions, 'pending', v_pending)),
            p_remedy);
    end if;
end
$$;

comment on function tenantry.require_plan_unused(uuid, text, text) is
    'Raises TN033 if a live subscription has the plan or changes to it.';
revoke all on function tenantry.require_plan_unused from public, anon, authenticated, service_role;
