-- Returns the amounts that were paid in a payment and given back, in minor units.
--
-- A refund is an object, and a charge states its refunded total. The part of this total beyond the known refunds counts
-- as refunded too. Money in dispute counts as given back until the dispute is won. An inquiry (warning_…) has moved no
-- money.
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
            coalesce(sum((o.data ->> 'amount_paid')::bigint) filter (where o.object = 'invoice'), 0)) as paid
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
        least(total.paid, known.refunded + greatest(charges.refunded - known.total, 0) + disputed.amount)
    into paid, given_back
    from total, known, charges, disputed;
end
$$;

comment on function tenantry.payment_totals(text[]) is
    'The amounts that were paid in a payment and given back, in minor units.';
revoke all on function tenantry.payment_totals from public, anon, authenticated, service_role;
