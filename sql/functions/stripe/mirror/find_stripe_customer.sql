-- Returns the customer to whom an object at Stripe belongs: the one that it names, else the one of the mirrored objects
-- of its payment. Null if no customer, or more than one, is known.
--
-- p_object: the object as Stripe sent it. It need not be in the mirror.
create or replace function tenantry.find_stripe_customer(p_object jsonb) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_customer constant text
        := case when p_object ->> 'object' = 'customer' then p_object ->> 'id'
            else tenantry.stripe_id(p_object -> 'customer') end;
    v_ids text[];
    v_customers text[];
begin
    if v_customer is not null then
        return v_customer;
    end if;
    begin
        select array_agg(linked.id) into v_ids
        from tenantry.referenced_stripe_ids(p_object) as r
        cross join unnest(array[p_object ->> 'id', r.invoice, r.payment_intent, r.charge]) as named (id)
        cross join unnest(tenantry.payment_object_ids(named.id)) as linked (id)
        where named.id is not null;
    exception
        when data_exception then
            -- The object has another shape. Its event fails later, and keeps the error.
            return null;
    end;
    v_customers := array(
        select distinct o.customer from tenantry.stripe_objects as o
        where o.id = any (v_ids) and o.customer is not null
    );
    return case when cardinality(v_customers) = 1 then v_customers[1] end;
end
$$;

comment on function tenantry.find_stripe_customer(jsonb) is
    'The customer at Stripe to whom an object belongs, by itself or by its payment; null if unknown.';
revoke all on function tenantry.find_stripe_customer from public, anon, authenticated, service_role;
