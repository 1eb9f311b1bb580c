-- The lines of an invoice, out of any version of the API: since 2025-03-31 (basil) the price stands under pricing and
-- what the line is of under parent; before, as price (or plan) and as fields of the line.
create or replace function tenantry.stripe_invoice_lines(p_invoice jsonb)
returns table (
    price text,
    is_proration boolean,
    subscription text,
    period_start timestamptz,
    period_end timestamptz,
    quantity integer,
    amount integer
)
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
select
    coalesce(
        tenantry.stripe_id(l.line #> '{pricing,price_details,price}'),
        tenantry.stripe_id(l.line -> 'price'),
        tenantry.stripe_id(l.line -> 'plan')),
    coalesce(
        l.line -> 'proration',
        l.line #> '{parent,subscription_item_details,proration}',
        l.line #> '{parent,invoice_item_details,proration}') = 'true' is true,
    coalesce(
        tenantry.stripe_id(l.line -> 'subscription'),
        tenantry.stripe_id(l.line #> '{parent,subscription_item_details,subscription}'),
        tenantry.stripe_id(l.line #> '{parent,invoice_item_details,subscription}'),
        -- Before 2018 the line of a subscription had its id.
        case when l.line ->> 'id' like 'sub\_%' then l.line ->> 'id' end),
    tenantry.stripe_time(l.line #> '{period,start}'),
    tenantry.stripe_time(l.line #> '{period,end}'),
    (l.line ->> 'quantity')::integer,
    (l.line ->> 'amount')::integer
from jsonb_array_elements(p_invoice #> '{lines,data}') with ordinality as l (line, position)
order by l.position;
$$;

comment on function tenantry.stripe_invoice_lines(jsonb) is 'The lines of an invoice, out of any version of the API.';
revoke all on function tenantry.stripe_invoice_lines from public, anon, authenticated, service_role;
