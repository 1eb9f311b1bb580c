-- Returns the payment method for a payment without the customer present: the customer's default, else that of a
-- subscription, else that of the last payment that allowed later use. Null for none in the mirror.
create or replace function tenantry.default_payment_method(p_stripe_customer_id text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select coalesce(
        (
            select tenantry.stripe_id(o.data #> '{invoice_settings,default_payment_method}')
            from tenantry.stripe_objects as o
            where o.id = p_stripe_customer_id
        ),
        (
            select tenantry.stripe_id(o.data -> 'default_payment_method')
            from tenantry.stripe_objects as o
            where o.customer = p_stripe_customer_id and o.object = 'subscription'
              and coalesce(o.data ->> 'default_payment_method', '') <> ''
            order by o.version desc, o.id
            limit 1
        ),
        (
            select tenantry.stripe_id(o.data -> 'payment_method')
            from tenantry.stripe_objects as o
            where o.customer = p_stripe_customer_id and o.object = 'payment_intent'
              and o.data ->> 'status' = 'succeeded' and o.data ->> 'setup_future_usage' = 'off_session'
            order by o.version desc, o.id
            limit 1
        )
    );
end;

comment on function tenantry.default_payment_method(text) is
    'The payment method of the customer at Stripe for a payment without the customer present; null for none.';
revoke all on function tenantry.default_payment_method from public, anon, authenticated, service_role;
