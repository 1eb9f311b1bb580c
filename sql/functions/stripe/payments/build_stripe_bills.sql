-- Builds the billing history of a payment: one bill for each invoice; without an invoice, one for each payment intent
-- that buys credits. The newest state of every object decides, so the history never goes back in time.
--
-- p_ids: the objects of the payment, from payment_object_ids().
create or replace function tenantry.build_stripe_bills(p_organization_id uuid, p_ids text[])
returns table (
    invoice text,
    payment_intent text,
    amount bigint,
    amount_refunded bigint,
    currency text,
    status text,
    description text,
    invoice_url text,
    receipt_url text,
    billing_reason text,
    paid_at timestamptz,
    created_at timestamptz
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
-- A name that is a column of the result and of a table means the column of the table.
#variable_conflict use_column
begin
    return query
    with objects as (
        select o.*, coalesce(tenantry.stripe_time(o.data -> 'created'), o.version) as made_at
        from tenantry.stripe_objects as o
        where o.id = any (p_ids)
    ),
    charge as (
        select o.data ->> 'receipt_url' as receipt_url, o.made_at
        from objects as o
        where o.object = 'charge' and o.data ->> 'status' = 'succeeded'
        order by o.made_at desc, o.id
        limit 1
    ),
    bought as (
        select coalesce(min(o.data #>> '{metadata,tenantry_billing_reason}'), 'credit_purchase') as reason,
            min(format('%s × %s', coalesce(o.data #>> '{metadata,tenantry_quantity}', '1'), p.name)) as description
        from (
            select o.data, o.data #>> '{metadata,tenantry_credit_product_id}' as product
            from objects as o
            union all
            select null, i.product
            from tenantry.credit_purchases as c
            cross join jsonb_object_keys(c.items) as i (product)
            where c.organization_id = p_organization_id and c.stripe_ids && p_ids
        ) as o
        join public.credit_products as p on p.id::text = o.product
        having count(*) > 0
    ),
    bills as (
        select i.id as invoice, tenantry.invoice_payment_intent(i.id) as payment_intent,
            case
                when i.data -> 'deleted' = 'true' then 'void'
                when i.data ->> 'status' in ('paid', 'void', 'uncollectible') then i.data ->> 'status'
                when i.data ->> 'status' = 'open' and (i.data ->> 'attempt_count')::integer > 0 then 'failed'
                else 'pending'
            end as status,
            coalesce(
                case when i.data ->> 'status' = 'paid' then tenantry.stripe_invoice_paid(i.data) end,
                (i.data ->> 'amount_due')::bigint
            ) as amount,
            i.data ->> 'currency' as currency,
            coalesce(i.data ->> 'description', i.data #>> '{lines,data,0,description}') as description,
            i.data ->> 'hosted_invoice_url' as invoice_url,
            case when i.subscription is null then bought.reason end as reason,
            i.data ->> 'billing_reason' as stripe_reason,
            tenantry.stripe_time(i.data #> '{status_transitions,paid_at}') as paid_at,
            i.made_at
        from objects as i
        left join bought on true
        where i.object = 'invoice'
        union all
        (
            select distinct on (p.id) null, p.id, p.status, p.amount, p.currency,
                coalesce(p.description, bought.description), null, bought.reason, null, null, p.made_at
            from (
                select o.id,
                    case
                        when o.data ->> 'status' = 'succeeded' then 'paid'
                        when o.data ->> 'status' = 'canceled' then 'void'
                        when o.data ->> 'last_payment_error' is not null then 'failed'
                        else 'pending'
                    end as status,
                    (o.data ->> 'amount')::bigint as amount, o.data ->> 'currency' as currency,
                    o.data ->> 'description' as description, o.made_at, 1 as source
                from objects as o
                where o.object = 'payment_intent'
                union all
                -- If only the checkout session is in the mirror.
                select o.payment_intent, case when o.data ->> 'payment_status' = 'paid' then 'paid' else 'pending' end,
                    (o.data ->> 'amount_total')::bigint, o.data ->> 'currency', null, o.made_at, 2
                from objects as o
                where o.object = 'checkout.session' and o.payment_intent is not null
            ) as p
            cross join bought
            where not exists (select from objects as i where i.object = 'invoice')
            order by p.id, p.source
        )
    ),
    refunded as (
        select b.invoice, b.payment_intent,
            case when b.status = 'paid' then least(m.given_back, greatest(b.amount, 0)) else 0 end as amount
        from bills as b
        cross join tenantry.payment_totals(p_ids) as m
    )
    select b.invoice::text, b.payment_intent::text, greatest(b.amount, 0), r.amount, upper(b.currency),
        case when r.amount > 0 and r.amount = b.amount then 'refunded' else b.status end,
        b.description, b.invoice_url, charge.receipt_url, coalesce(b.reason, b.stripe_reason),
        case when b.status = 'paid' then coalesce(b.paid_at, charge.made_at, b.made_at) end, b.made_at
    from bills as b
    join refunded as r
        on r.invoice is not distinct from b.invoice and r.payment_intent is not distinct from b.payment_intent
    left join charge on true;
end
$$;

comment on function tenantry.build_stripe_bills(uuid, text[]) is 'The billing history of a payment, from the mirror.';
revoke all on function tenantry.build_stripe_bills from public, anon, authenticated, service_role;
