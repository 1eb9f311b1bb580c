-- Keeps the price and period of a plan while live subscriptions have it, and its Stripe price, which identifies their
-- plan at Stripe. A plan without a price at Stripe can get one. An amount that Stripe charges for the price is no
-- change of the terms: the plan here said it wrongly.
--
-- The function is a definer function, because it must see every subscription and call private functions.
--
-- Locks: the plan's row.
-- Raises: TN033.
create or replace function tenantry.protect_plan() returns trigger
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_follows_stripe constant boolean := (new.price_amount, new.currency) <> (old.price_amount, old.currency)
        and exists (
            select from tenantry.stripe_price_terms(new.stripe_price_id, new.stripe_product_id) as t
            where (t.amount, t.currency) = (new.price_amount, new.currency)
        );
    v_field constant text := case
        when new.price_amount <> old.price_amount and not v_follows_stripe then 'price_amount'
        when new.currency <> old.currency and not v_follows_stripe then 'currency'
        when new.interval <> old.interval then 'interval'
        when new.interval_count <> old.interval_count then 'interval_count'
        when new.stripe_price_id <> old.stripe_price_id and not tenantry.is_local_stripe_id(old.stripe_price_id)
            then 'stripe_price_id'
    end;
begin
    if v_field is not null then
        perform tenantry.require_plan_unused(
            old.id, v_field, 'Make a new plan, and archive this one with force: existing subscriptions keep it.');
    end if;
    return new;
end
$$;

comment on function tenantry.protect_plan() is
    'Trigger: raises TN033 if the price or period changes of a plan that live subscriptions have.';
revoke all on function tenantry.protect_plan from public, anon, authenticated, service_role;

create or replace trigger protect_plan before update on public.subscription_plans
for each row execute function tenantry.protect_plan();
