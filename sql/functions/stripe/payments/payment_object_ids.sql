-- Everything that belongs to one payment: the objects that are linked by a payment intent, an invoice or a charge, in
-- either direction. Ids of objects that nothing was heard of yet are among them: two who name such a one are linked.
create or replace function tenantry.payment_object_ids(p_id text) returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        with recursive linked (id) as (
            select p_id
            union
            select neighbour.id
            from linked
            cross join lateral (
                select unnest(array[o.invoice, o.payment_intent, o.charge])
                from tenantry.stripe_objects as o where o.id = linked.id
                union all
                select o.id from tenantry.stripe_objects as o where o.invoice = linked.id
                union all
                select o.id from tenantry.stripe_objects as o where o.payment_intent = linked.id
                union all
                select o.id from tenantry.stripe_objects as o where o.charge = linked.id
            ) as neighbour (id)
            where neighbour.id is not null
        )
        select array_agg(linked.id order by linked.id) from linked
    );
end
$$;

comment on function tenantry.payment_object_ids(text) is
    'Ids of all objects of the payment that the object belongs to: session, invoice, payment intent, charge, refunds,'
    ' disputes.';
revoke all on function tenantry.payment_object_ids from public, anon, authenticated, service_role;
