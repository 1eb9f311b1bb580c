-- Returns the lines of an invoice, in any version of the API. Since 2025-03-31 (basil), the price is under pricing and
-- the subject of the line under parent. Before, the price was under price (or plan), and the subject in fields of the
-- line. A paid invoice that shows a part of its lines has none until request_invoice_lines() has brought all of them.
create or replace function tenantry.stripe_invoice_lines(p_invoice jsonb)
returns table (
    line_number integer,
    price text,
    product text,
    is_proration boolean,
    subscription text,
    period_start timestamptz,
    period_end timestamptz,
    quantity integer,
    amount bigint
)
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
select
    l.position::integer,
    coalesce(
        tenantry.stripe_id(l.line #> '{pricing,price_details,price}'),
        tenantry.stripe_id(l.line -> 'price'),
        tenantry.stripe_id(l.line -> 'plan')),
    coalesce(
        tenantry.stripe_id(l.line #> '{pricing,price_details,product}'),
        tenantry.stripe_id(l.line #> '{price,product}'),
        tenantry.stripe_id(l.line #> '{plan,product}')),
    coalesce(
        l.line -> 'proration',
        l.line #> '{parent,subscription_item_details,proration}',
        l.line #> '{parent,invoice_item_details,proration}') = 'true' is true,
    coalesce(
        tenantry.stripe_id(l.line -> 'subscription'),
        tenantry.stripe_id(l.line #> '{parent,subscription_item_details,subscription}'),
        tenantry.stripe_id(l.line #> '{parent,invoice_item_details,subscription}'),
        -- Before 2018, the id of a subscription's line was the id of the subscription.
        case when l.line ->> 'id' like 'sub\_%' then l.line ->> 'id' end),
    tenantry.stripe_time(l.line #> '{period,start}'),
    tenantry.stripe_time(l.line #> '{period,end}'),
    (l.line ->> 'quantity')::integer,
    (l.line ->> 'amount')::bigint
from jsonb_array_elements(p_invoice #> '{lines,data}') with ordinality as l (line, position)
where not coalesce(tenantry.has_unread_lines(p_invoice), false)
order by l.position;
$$;

comment on function tenantry.stripe_invoice_lines(jsonb) is 'The lines of an invoice, in any version of the API.';
revoke all on function tenantry.stripe_invoice_lines from public, anon, authenticated, service_role;
