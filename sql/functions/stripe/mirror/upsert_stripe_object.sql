-- Stores the state of an object if it is newer than the stored one. The time of the event decides, and within a second
-- last_stripe_state(), never the order of arrival. So the mirror is the same in any order and with any repetition.
--
-- p_version: the time of the event or answer that carries the state. p_event_id: the event or answer.
-- Locks: none of its own. The caller holds the Stripe lock.
create or replace function tenantry.upsert_stripe_object(p_object jsonb, p_version timestamptz, p_event_id text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_object jsonb := tenantry.normalize_stripe_object(p_object);
    v_version timestamptz := p_version;
    v_event_id text := p_event_id;
    v_stored tenantry.stripe_objects;
begin
    select * into v_stored
    from tenantry.stripe_objects as o
    where o.id = p_object ->> 'id' and o.version >= p_version and o.event_id <> p_event_id;
    if found then
        if v_stored.version > p_version then
            -- The older state can tell which of the newer ones came last.
            v_object := v_stored.data;
            v_version := v_stored.version;
            v_event_id := v_stored.event_id;
        end if;
        select s.object, s.event_id into v_object, v_event_id
        from tenantry.last_stripe_state(v_object, v_version, v_event_id) as s;
    end if;
    if tenantry.has_unread_lines(v_object) then
        v_object := tenantry.keep_invoice_lines(v_object);
    end if;
    insert into tenantry.stripe_objects as o (
        id, object, version, progress, event_id, data, customer, subscription, invoice, payment_intent, charge
    )
    select v_object ->> 'id', v_object ->> 'object', v_version, tenantry.stripe_progress(v_object), v_event_id,
        v_object, r.customer, r.subscription, r.invoice, r.payment_intent, r.charge
    from tenantry.referenced_stripe_ids(v_object) as r
    on conflict (id) do update
    set version = excluded.version, progress = excluded.progress, event_id = excluded.event_id, data = excluded.data,
        customer = excluded.customer, subscription = excluded.subscription, invoice = excluded.invoice,
        payment_intent = excluded.payment_intent, charge = excluded.charge
    where excluded.version > o.version or excluded.version = o.version and excluded.event_id <> o.event_id;
end
$$;

comment on function tenantry.upsert_stripe_object(jsonb, timestamptz, text) is
    'Stores the state of an object if it is newer than the stored one.';
revoke all on function tenantry.upsert_stripe_object from public, anon, authenticated, service_role;
