-- Grants the unspent credits of a subscription's last period again for the period that begins, up to the plan's cap
-- (features: credit_rollover, a number of credits).
--
-- The unspent credits are those that expire_lots() wrote off at the moment at which the period begins. Credits that a
-- user wrote off by hand, or that a hold released later, do not count.
--
-- p_starts_at, p_ends_at: the period that begins. p_at: the present time.
-- Locks: none of its own. The caller holds the account's lock and has applied the earlier due events.
create or replace function tenantry.roll_over_credits(
    p_organization_id uuid,
    p_subscription_id uuid,
    p_starts_at timestamptz,
    p_ends_at timestamptz,
    p_at timestamptz
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_cap integer;
    v_left bigint;
    v_target tenantry.granted_credits;
begin
    select case when p.features ->> 'credit_rollover' ~ '^[0-9]+$' then (p.features ->> 'credit_rollover')::integer end
    into v_cap
    from public.organization_subscriptions as s
    join public.subscription_plans as p on p.id = s.subscription_plan_id
    where s.id = p_subscription_id;
    if v_cap is null then
        return;
    end if;
    select coalesce(sum(- t.amount), 0) into v_left
    from tenantry.granted_credits as g
    cross join unnest(g.lots) as lot (id)
    join public.credit_transactions as t
        on t.organization_id = p_organization_id and t.source_id = lot.id and t.transaction_type = 'expired'
        and t.source = 'expiry'
    join public.credit_transactions as before
        on before.organization_id = p_organization_id and before.entry_number = t.entry_number - 1
    where g.organization_id = p_organization_id and g.source in ('subscription', 'rollover')
      and g.source_id = p_subscription_id and g.ends_at = p_starts_at
      -- append_entry() gives this time to an entry of that moment.
      and t.created_at = greatest(p_starts_at, before.created_at);
    v_target.organization_id := p_organization_id;
    v_target.source := 'rollover';
    v_target.source_id := p_subscription_id;
    v_target.starts_at := p_starts_at;
    v_target.ends_at := p_ends_at;
    v_target.credits := least(v_cap, v_left);
    perform tenantry.adjust_grant(v_target, null, 'Credits left from the period before', p_at);
end
$$;

comment on function tenantry.roll_over_credits(uuid, uuid, timestamptz, timestamptz, timestamptz) is
    'Grants credits again that expired when a period began, up to the plan''s cap. The caller holds the account''s'
    ' lock.';
revoke all on function tenantry.roll_over_credits from public, anon, authenticated, service_role;
