-- Returns the ids of all objects of one payment. A payment intent, an invoice or a charge links them, in either
-- direction.
--
-- The result contains ids of objects that are not in the mirror yet, because two objects that name such an id are
-- linked.
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
    'Ids of all objects of the payment to which the object belongs: session, invoice, payment intent, charge, refunds,'
    ' disputes.';
revoke all on function tenantry.payment_object_ids from public, anon, authenticated, service_role;
