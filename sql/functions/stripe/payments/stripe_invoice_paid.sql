-- Returns the amount that was paid for an invoice. A payment outside Stripe counts. Before 2025-03-31 (basil), an
-- invoice had paid_out_of_band for it and left it out of amount_paid. Since then amount_paid has it, and
-- amount_paid_off_stripe tells it apart.
create or replace function tenantry.stripe_invoice_paid(p_invoice jsonb) returns bigint
language sql immutable
return greatest(
    (p_invoice ->> 'amount_paid')::bigint,
    case
        when p_invoice ->> 'status' = 'paid'
            and (p_invoice -> 'paid_out_of_band' = 'true' or (p_invoice ->> 'amount_paid_off_stripe')::bigint > 0)
            then (p_invoice ->> 'amount_due')::bigint
    end);

comment on function tenantry.stripe_invoice_paid(jsonb) is
    'The amount that was paid for an invoice, also outside Stripe.';
revoke all on function tenantry.stripe_invoice_paid from public, anon, authenticated, service_role;
