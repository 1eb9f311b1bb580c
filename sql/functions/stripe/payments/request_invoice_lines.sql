-- Requests the lines of paid invoices that the mirror shows in part. The credits of such an invoice wait for them.
--
-- The request belongs to no organization, so it does not count among the pending requests of one.
--
-- p_ids: the objects of a payment, from payment_object_ids().
create or replace function tenantry.request_invoice_lines(p_ids text[]) returns void
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
    select tenantry.create_stripe_request(
        'read_invoice_lines', null, null, 'get', '/v1/invoices/' || o.id || '/lines', '{"limit": 100}')
    from tenantry.stripe_objects as o
    where o.id = any (p_ids) and tenantry.has_unread_lines(o.data)
      -- The id becomes a part of a path.
      and o.id ~ '^[A-Za-z0-9_]+$';
end;

comment on function tenantry.request_invoice_lines(text[]) is
    'Requests the lines of paid invoices that the mirror shows in part.';
revoke all on function tenantry.request_invoice_lines from public, anon, authenticated, service_role;
