-- Returns the share of a payment, from 0 to 1, that was not given back by refunds or disputes. Returns 1 if nothing was
-- paid.
--
-- p_invoice_id, p_payment_intent: either one names the payment.
create or replace function tenantry.payment_kept_ratio(p_invoice_id text, p_payment_intent text) returns numeric
language sql stable
set search_path = pg_catalog, pg_temp
as $$
select coalesce(1 - m.given_back::numeric / nullif(m.paid, 0), 1)
from tenantry.payment_totals(tenantry.payment_object_ids(coalesce(p_invoice_id, p_payment_intent))) as m;
$$;

comment on function tenantry.payment_kept_ratio(text, text) is
    'The share (0 to 1) of a payment that was not given back.';
revoke all on function tenantry.payment_kept_ratio from public, anon, authenticated, service_role;
