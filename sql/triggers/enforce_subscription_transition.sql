-- Checks every write of a subscription's status against subscription_transitions, also a write in psql, and records a
-- subscription_changed event.
--
-- Raises: TN025.
create or replace function tenantry.enforce_subscription_transition() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_from constant text := case when tg_op = 'UPDATE' then old.status else 'new' end;
begin
    if v_from = new.status then
        return null;
    end if;
    if not exists (
        select from tenantry.subscription_transitions as t
        where t.from_status = v_from and t.to_status = new.status
          and (not t.stripe_only or new.stripe_subscription_id is not null)
    ) then
        perform tenantry.fail(
            'TN025', format('a subscription that is %s cannot become %s', v_from, new.status),
            jsonb_build_object('subscription_id', new.id, 'from', v_from, 'to', new.status));
    end if;
    insert into tenantry.events (organization_id, event_type, payload, created_at)
    values (
        new.organization_id, 'subscription_changed',
        jsonb_build_object('subscription_id', new.id, 'from', v_from, 'to', new.status), tenantry.clock()
    );
    perform tenantry.notify('tenantry_events');
    return null;
end
$$;

comment on function tenantry.enforce_subscription_transition() is
    'Trigger: raises TN025 for a change of status that subscription_transitions does not allow; records the others.';
revoke all on function tenantry.enforce_subscription_transition from public, anon, authenticated, service_role;

-- After the write, so that a constraint of a column raises its own error first.
create or replace trigger enforce_subscription_transition
after insert or update of status, stripe_subscription_id on public.organization_subscriptions
for each row execute function tenantry.enforce_subscription_transition();
