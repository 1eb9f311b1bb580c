-- Returns the amounts that were paid in a payment and given back, in minor units.
--
-- A refund is an object, and a charge states its refunded total. The part of this total beyond the known refunds counts
-- as refunded too. Money in dispute counts as given back until the dispute is won. An inquiry (warning_…) has moved no
-- money.
--
-- A credit note after the payment gives money back: by refunds, which count by themselves, to the balance of the
-- customer, or outside Stripe. An invoice states the total of its credit notes; refunds can be a part of the unknown
-- ones. A credit note before the payment lowers the amount that is paid.
--
-- The balance of the customer, and payments outside Stripe, pay an invoice like a card. In versions of the API before
-- 2025, amount_paid leaves payments outside Stripe out.
--
-- p_ids: the objects of the payment, from payment_object_ids().
create or replace function tenantry.payment_totals(p_ids text[], out paid bigint, out given_back bigint)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    with objects as (
        select o.* from tenantry.stripe_objects as o where o.id = any (p_ids)
    ),
    refunds as (
        select distinct on (r.refund ->> 'id') (r.refund ->> 'amount')::bigint as amount,
            r.refund ->> 'status' in ('failed', 'canceled') is true as failed
        from (
            select o.data, 1 from objects as o where o.object = 'refund'
            union all
            select embedded.refund, 2
            from objects as o
            cross join jsonb_array_elements(o.data #> '{refunds,data}') as embedded (refund)
            where o.object = 'charge'
        ) as r (refund, source)
        order by r.refund ->> 'id', r.source
    ),
    known as (
        select coalesce(sum(amount), 0) as total, coalesce(sum(amount) filter (where not failed), 0) as refunded
        from refunds
    ),
    notes as (
        select coalesce(sum(n.amount), 0) as total,
            coalesce(sum(least(n.refunded, n.amount)), 0) as refunded
        from (
            select coalesce(
                    (o.data ->> 'post_payment_amount')::bigint,
                    case when o.data ->> 'type' = 'pre_payment' then 0 else (o.data ->> 'total')::bigint end) as amount,
                coalesce(
                    (
                        select sum((r.refund ->> 'amount_refunded')::bigint)
                        from jsonb_array_elements(o.data -> 'refunds') as r (refund)
                        where tenantry.stripe_id(r.refund -> 'refund') is not null
                    ),
                    case when tenantry.stripe_id(o.data -> 'refund') is not null then (o.data ->> 'total')::bigint end,
                    0) as refunded
            from objects as o
            where o.object = 'credit_note' and o.data ->> 'status' is distinct from 'void'
        ) as n
    ),
    credited as (
        select notes.total - notes.refunded + greatest(
            coalesce(max((o.data ->> 'post_payment_credit_notes_amount')::bigint), 0) - notes.total
            - greatest(known.refunded - notes.refunded, 0), 0) as amount
        from notes
        cross join known
        left join objects as o on o.object = 'invoice'
        group by notes.total, notes.refunded, known.refunded
    ),
    charges as (
        select coalesce(sum((o.data ->> 'amount')::bigint)
            filter (where o.data ->> 'status' = 'succeeded'), 0) as amount,
            coalesce(sum((o.data ->> 'amount_refunded')::bigint), 0) as refunded,
            min(o.data ->> 'currency') as currency
        from objects as o
        where o.object = 'charge'
    ),
    total as (
        select greatest(
            charges.amount,
            coalesce(sum((o.data ->> 'amount_received')::bigint) filter (where o.object = 'payment_intent'), 0),
            coalesce(sum(
                tenantry.stripe_invoice_paid(o.data)
                + case when o.data ->> 'status' = 'paid' then
                    -- The balance is below 0 if the customer has credit.
                    greatest((o.data ->> 'ending_balance')::bigint - (o.data ->> 'starting_balance')::bigint, 0)
                else 0 end
            ) filter (where o.object = 'invoice'), 0)) as paid
        from charges left join objects as o on true
        group by charges.amount
    ),
    disputed as (
        select coalesce(sum(
            case when o.data ->> 'currency' <> charges.currency then total.paid else (o.data ->> 'amount')::bigint end
        ), 0) as amount
        from objects as o
        cross join charges
        cross join total
        where o.object = 'dispute'
          and o.data ->> 'status'
              in ('needs_response', 'under_review', 'lost', 'appeal_needs_response', 'appeal_under_review')
    )
    select total.paid,
        least(
            total.paid,
            known.refunded + greatest(charges.refunded - known.total, 0) + disputed.amount + credited.amount)
    into paid, given_back
    from total, known, charges, disputed, credited;
end
$$;

comment on function tenantry.payment_totals(text[]) is
    'The amounts that were paid in a payment and given back, in minor units.';
revoke all on function tenantry.payment_totals from public, anon, authenticated, service_role;
