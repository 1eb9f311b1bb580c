-- Returns a newer state of an invoice with all lines, if they were read from Stripe before and are the same: the same
-- total, and the same first lines. Else returns the state as it is.
--
-- p_invoice: the newer state, with its first lines only.
create or replace function tenantry.keep_invoice_lines(p_invoice jsonb) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select coalesce((
        select jsonb_set(p_invoice, '{lines}', o.data -> 'lines')
        from tenantry.stripe_objects as o
        where o.id = p_invoice ->> 'id' and o.data #> '{lines,has_more}' = 'false'
          and o.data -> 'total' = p_invoice -> 'total'
          and not exists (
              select from jsonb_array_elements(p_invoice #> '{lines,data}') with ordinality as l (line, position)
              where (l.line -> 'amount', l.line -> 'quantity', l.line -> 'period') is distinct from (
                  o.data #> array['lines', 'data', (l.position - 1)::text, 'amount'],
                  o.data #> array['lines', 'data', (l.position - 1)::text, 'quantity'],
                  o.data #> array['lines', 'data', (l.position - 1)::text, 'period'])
          )
    ), p_invoice);
end;

comment on function tenantry.keep_invoice_lines(jsonb) is
    'A newer state of an invoice, with all lines if they are known and did not change.';
revoke all on function tenantry.keep_invoice_lines from public, anon, authenticated, service_role;
