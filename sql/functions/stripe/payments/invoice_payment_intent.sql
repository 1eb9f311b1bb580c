-- Returns the payment intent of an invoice. Several objects can name it: the invoice (until 2025), an invoice_payment
-- (since 2025), the payment intent, a charge (until 2025), or the checkout session. A payment intent that paid comes
-- first.
create or replace function tenantry.invoice_payment_intent(p_invoice_id text) returns text
language sql stable
begin atomic
    select coalesce(o.payment_intent, o.id)
    from tenantry.stripe_objects as o
    where (o.id = p_invoice_id or o.invoice = p_invoice_id)
      and (o.payment_intent is not null or o.object = 'payment_intent')
    order by o.data ->> 'status' in ('paid', 'succeeded') desc, coalesce(o.payment_intent, o.id)
    limit 1;
end;

comment on function tenantry.invoice_payment_intent(text) is
    'The payment intent that pays an invoice; null if unknown.';
revoke all on function tenantry.invoice_payment_intent from public, anon, authenticated, service_role;
