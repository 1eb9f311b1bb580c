-- Returns the ids of the other objects to which an object at Stripe refers, in any version of the API.
--
-- Since 2025-03-31 (basil), an invoice names its subscription under parent, and its payments are separate objects
-- (invoice_payment), which an invoice contains only on request. Before, a payment intent and a charge named the
-- invoice, and the invoice named them.
create or replace function tenantry.referenced_stripe_ids(
    p_object jsonb,
    out customer text,
    out subscription text,
    out invoice text,
    out payment_intent text,
    out charge text
)
language sql immutable
begin atomic
    select
        tenantry.stripe_id(p_object -> 'customer'),
        coalesce(
            tenantry.stripe_id(p_object -> 'subscription'),
            tenantry.stripe_id(p_object #> '{parent,subscription_details,subscription}')),
        tenantry.stripe_id(p_object -> 'invoice'),
        coalesce(
            tenantry.stripe_id(p_object -> 'payment_intent'),
            tenantry.stripe_id(p_object #> '{payment,payment_intent}'),
            payment.payment_intent),
        coalesce(
            tenantry.stripe_id(p_object -> 'charge'),
            tenantry.stripe_id(p_object #> '{payment,charge}'),
            tenantry.stripe_id(p_object -> 'latest_charge'),
            payment.charge)
    from (select) as one
    left join lateral (
        select tenantry.stripe_id(p.item #> '{payment,payment_intent}') as payment_intent,
            tenantry.stripe_id(p.item #> '{payment,charge}') as charge
        from jsonb_array_elements(p_object #> '{payments,data}') as p (item)
        order by p.item ->> 'status' = 'paid' desc, p.item -> 'is_default' = 'true' desc, p.item ->> 'id'
        limit 1
    ) as payment on true;
end;

comment on function tenantry.referenced_stripe_ids(jsonb) is
    'Ids of the customer, subscription, invoice, payment intent and charge to which an object refers.';
revoke all on function tenantry.referenced_stripe_ids from public, anon, authenticated, service_role;
