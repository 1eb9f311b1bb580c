-- Returns whether an invoice is paid and shows a part of its lines only. Stripe's events and lists show the first ten.
-- Stripe sorts prorations before the lines of plans, so the missing lines can be those that bring credits.
create or replace function tenantry.has_unread_lines(p_invoice jsonb) returns boolean
language sql immutable
return p_invoice ->> 'object' = 'invoice' and p_invoice ->> 'status' = 'paid'
    and p_invoice #> '{lines,has_more}' = 'true';

comment on function tenantry.has_unread_lines(jsonb) is
    'Whether an object is a paid invoice with lines that are to be read from Stripe.';
revoke all on function tenantry.has_unread_lines from public, anon, authenticated, service_role;
