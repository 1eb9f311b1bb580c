-- Records a seats_exceeded event when a plan has fewer seats than its organization has members: a subscription begins
-- with the plan or changes to it, or the seats of the plan are reduced.
--
-- The members stay. require_free_seat() refuses further ones.
--
-- Locks: none of its own.
create or replace function tenantry.record_exceeded_seats() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into tenantry.events (organization_id, event_type, payload, created_at)
    select
        s.organization_id, 'seats_exceeded',
        jsonb_build_object(
            'subscription_id', s.id, 'subscription_plan_id', p.id, 'seats', p.max_users, 'members', m.members),
        tenantry.clock()
    from public.organization_subscriptions as s
    cross join lateral tenantry.entitled_plan(s) as p
    cross join lateral (
        select count(distinct ur.user_id) as members
        from public.user_roles as ur
        where ur.organization_id = s.organization_id
    ) as m
    where case tg_table_name when 'subscription_plans' then s.subscription_plan_id = new.id else s.id = new.id end
      and s.ended_at is null
      and m.members > p.max_users
    order by s.organization_id;
    if found then
        perform tenantry.notify('tenantry_events');
    end if;
    return null;
end
$$;

comment on function tenantry.record_exceeded_seats() is
    'Trigger: records a seats_exceeded event when a plan has fewer seats than its organization has members.';
revoke all on function tenantry.record_exceeded_seats from public, anon, authenticated, service_role;

create or replace trigger record_exceeded_seats_of_new_subscription
after insert on public.organization_subscriptions
for each row when (new.ended_at is null) execute function tenantry.record_exceeded_seats();

create or replace trigger record_exceeded_seats_of_subscription
after update of subscription_plan_id, ended_at, quantity, add_ons on public.organization_subscriptions
for each row when (
    new.ended_at is null
    and (
        old.ended_at is not null
        or (new.subscription_plan_id, new.quantity, new.add_ons)
            is distinct from (old.subscription_plan_id, old.quantity, old.add_ons))
) execute function tenantry.record_exceeded_seats();

create or replace trigger record_exceeded_seats_of_plan
after update of max_users on public.subscription_plans
for each row when (new.max_users < coalesce(old.max_users, 2147483647))
execute function tenantry.record_exceeded_seats();
