-- Returns the plan here for a price at Stripe: the plan with that price, or else the plan of the last invoice with that
-- price, or else the plan with that product and the price's billing period. Null if there is none, or several have the
-- product.
--
-- Another amount needs another price of the same product at Stripe. A subscription can have the old price, or the new
-- one, for years.
--
-- p_price: the price or plan of an item or line at Stripe, as an object or an id. p_product: its product, if the object
-- does not say it.
create or replace function tenantry.find_stripe_plan(p_price jsonb, p_product text) returns uuid
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_price constant text := tenantry.stripe_id(p_price);
    v_product constant text := coalesce(p_product, tenantry.stripe_id(p_price -> 'product'));
    v_terms jsonb;
    v_plan_id uuid;
    v_plans integer;
begin
    select p.id into v_plan_id from public.subscription_plans as p where p.stripe_price_id = v_price;
    if not found then
        select l.subscription_plan_id into v_plan_id
        from tenantry.stripe_plan_lines as l
        where l.price = v_price
        order by l.period_end desc
        limit 1;
    end if;
    if found or v_product is null then
        return v_plan_id;
    end if;
    v_terms := coalesce(
        nullif(p_price -> 'recurring', 'null'),
        case when p_price ? 'interval' then p_price end,
        (select o.data -> 'recurring' from tenantry.stripe_objects as o where o.id = v_price));
    select count(*), min(p.id::text)::uuid into v_plans, v_plan_id
    from public.subscription_plans as p
    where p.stripe_product_id = v_product
      and (v_terms ->> 'interval' is null or (
          p.interval = case v_terms ->> 'interval'
              when 'day' then 'daily' when 'week' then 'weekly' when 'month' then 'monthly' when 'year' then 'annual'
          end
          and p.interval_count = coalesce((v_terms ->> 'interval_count')::integer, 1)));
    return case when v_plans = 1 then v_plan_id end;
end
$$;

comment on function tenantry.find_stripe_plan(jsonb, text) is
    'The plan for a price at Stripe, now or before, or else for its product and period; null for none or several.';
revoke all on function tenantry.find_stripe_plan from public, anon, authenticated, service_role;
