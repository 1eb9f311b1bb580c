-- What live subscriptions were agreed on stays: the price and period of their plan, and its price at Stripe, by which
-- they are recognized. A plan that Stripe did not know of may get its price there.
--
-- Definer, so that it sees every subscription and may call what it calls.
-- Locks: the plan's row. Raises TN033.
create or replace function tenantry.protect_plan() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_field constant text := case
        when new.price_amount <> old.price_amount then 'price_amount'
        when new.currency <> old.currency then 'currency'
        when new.interval <> old.interval then 'interval'
        when new.interval_count <> old.interval_count then 'interval_count'
        when new.stripe_price_id <> old.stripe_price_id and not tenantry.is_local_stripe_id(old.stripe_price_id)
            then 'stripe_price_id'
    end;
begin
    if v_field is not null then
        perform tenantry.require_plan_unused(
            old.id, v_field, 'Make a new plan, and archive this one with force: who has it keeps it.');
    end if;
    return new;
end
$$;

comment on function tenantry.protect_plan() is
    'Trigger: raises TN033 when the price or period of a plan changes that live subscriptions have.';
revoke all on function tenantry.protect_plan from public, anon, authenticated, service_role;

create or replace trigger protect_plan before update on public.subscription_plans
for each row execute function tenantry.protect_plan();
