-- Grants the credits that a payment bought. Each payment makes one purchase, for a checkout session, a payment intent
-- or an invoice, and with any repetition.
--
-- The lines of a paid invoice tell the bought products. Without an invoice, the metadata of a paid session or a
-- succeeded payment intent tells them (tenantry_credit_product_id, tenantry_quantity). If money was refunded or is in
-- dispute, the same share of the credits is revoked, rounded in favour of the payer.
--
-- Two purchases can turn out to be one payment, once an object names both. Then the older purchase stays, and the other
-- grants nothing any more.
--
-- p_ids: the objects of the payment, from payment_object_ids().
-- Locks: none of its own. The caller holds the account's lock and has settled it.
-- Raises: TN010.
create or replace function tenantry.recompute_purchase(p_organization_id uuid, p_ids text[]) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := tenantry.clock();
    v_items jsonb;
    v_credits integer;
    v_product_id uuid;
    v_description text;
    v_given text;
    v_created_at timestamptz;
    v_payment_intent text;
    v_keys text[];
    v_purchase tenantry.credit_purchases;
    v_other tenantry.credit_purchases;
    v_target tenantry.granted_credits;
begin
    select jsonb_object_agg(bought.product, bought.quantity) into v_items
    from (
        -- A line below 0 takes a sale back, such as the old quantity of a recurring pack. It sells nothing itself.
        select p.id::text as product,
            sum(case when l.amount < 0 then - coalesce(l.quantity, 1) else coalesce(l.quantity, 1) end) as quantity
        from tenantry.stripe_objects as o
        cross join tenantry.stripe_invoice_lines(o.data) as l
        join public.credit_products as p on p.stripe_price_id = l.price
        where o.id = any (p_ids) and o.object = 'invoice' and o.data ->> 'status' = 'paid'
        group by p.id
        having sum(case when l.amount < 0 then - coalesce(l.quantity, 1) else coalesce(l.quantity, 1) end) > 0
    ) as bought;
    if v_items is null then
        select jsonb_build_object(p.id::text, quantity.value) into v_items
        from tenantry.stripe_objects as o
        join public.credit_products as p on p.id::text = o.data #>> '{metadata,tenantry_credit_product_id}'
        cross join lateral (
            -- Metadata can be edited at Stripe. Without a readable quantity, the known purchase stays as it is.
            select coalesce(
                case when o.data #>> '{metadata,tenantry_quantity}' ~ '^[1-9][0-9]{0,8}$'
                    then (o.data #>> '{metadata,tenantry_quantity}')::integer end,
                (
                    select (c.items ->> p.id::text)::integer from tenantry.credit_purchases as c
                    where c.organization_id = p_organization_id and c.stripe_ids && p_ids and c.merged_into is null
                    order by c.created_at, c.id
                    limit 1
                ),
                1) as value
        ) as quantity
        where o.id = any (p_ids)
          and (o.object = 'payment_intent' and o.data ->> 'status' = 'succeeded'
              or o.object = 'checkout.session' and o.data ->> 'mode' = 'payment'
                  and o.data ->> 'payment_status' in ('paid', 'no_payment_required'))
        order by o.object, o.id
        limit 1;
    end if;
    if v_items is null then
        return;
    end if;

    select min(o.data #>> '{metadata,tenantry_purchase_id}'),
        min(coalesce(tenantry.stripe_time(o.data -> 'created'), o.version)),
        min(coalesce(o.payment_intent, o.id)) filter (where o.object = 'payment_intent' or o.payment_intent is not null)
    into v_given, v_created_at, v_payment_intent
    from tenantry.stripe_objects as o
    where o.id = any (p_ids) and o.object in ('checkout.session', 'payment_intent', 'invoice');
    v_keys := p_ids || coalesce(array[v_given], '{}');
    select sum(p.credit_amount * i.quantity::integer), case when count(*) = 1 then min(p.id::text)::uuid end,
        string_agg(format('%s × %s', i.quantity, p.name), ', ' order by p.name)
    into v_credits, v_product_id, v_description
    from jsonb_each_text(v_items) as i (product, quantity)
    join public.credit_products as p on p.id::text = i.product;

    v_target.organization_id := p_organization_id;
    v_target.source := 'purchase';
    v_target.ends_at := 'infinity';
    select * into v_purchase
    from tenantry.credit_purchases as c
    where c.organization_id = p_organization_id and c.stripe_ids && v_keys and c.merged_into is null
    order by c.created_at, c.id
    limit 1;
    if not found then
        insert into tenantry.credit_purchases (
            organization_id, id, credit_product_id, credits, items, stripe_ids, created_at
        )
        values (
            p_organization_id, coalesce(v_given, md5(v_keys[1]))::uuid,
            v_product_id,
            -- At most the present time, because Stripe's clock can be ahead: the credits start at once.
            v_credits, v_items, v_keys, least(v_created_at, v_now)
        )
        returning * into v_purchase;
    else
        for v_other in
            update tenantry.credit_purchases as c
            set merged_into = v_purchase.id
            where c.organization_id = p_organization_id and c.stripe_ids && v_keys and c.merged_into is null
              and c.id <> v_purchase.id
            returning *
        loop
            v_keys := v_keys || v_other.stripe_ids;
            v_target.source_id := v_other.id;
            v_target.starts_at := v_other.created_at;
            v_target.credits := 0;
            perform tenantry.lock_account(p_organization_id);
            perform tenantry.adjust_grant(v_target, v_payment_intent, v_description, v_now);
        end loop;
        update tenantry.credit_purchases as c
        set items = v_items,
            credits = case when c.items = v_items then c.credits else v_credits end,
            credit_product_id = case when c.items = v_items then c.credit_product_id else v_product_id end,
            stripe_ids = (
                select array_agg(distinct k.key order by k.key) from unnest(c.stripe_ids || v_keys) as k (key))
        where c.organization_id = p_organization_id and c.id = v_purchase.id
        returning * into v_purchase;
    end if;

    v_target.source_id := v_purchase.id;
    v_target.starts_at := v_purchase.created_at;
    v_target.credits := tenantry.credits_kept_after_refund(v_purchase.credits, p_ids);
    perform tenantry.lock_account(p_organization_id);
    perform tenantry.adjust_grant(v_target, v_payment_intent, v_description, v_now);
end
$$;

comment on function tenantry.recompute_purchase(uuid, text[]) is
    'Grants the credits that a payment bought, once. The caller holds the account''s lock.';
revoke all on function tenantry.recompute_purchase from public, anon, authenticated, service_role;
