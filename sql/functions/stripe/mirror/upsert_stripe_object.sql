-- Stores the state of an object if it is newer than the stored one. The order is (version, progress, event id), never
-- the order of arrival, so the mirror is the same in any order and with any repetition.
--
-- p_version: the time of the event or answer that carries the state. p_event_id: the event or answer; it decides last.
-- Locks: none of its own. The caller holds the Stripe lock.
create or replace function tenantry.upsert_stripe_object(p_object jsonb, p_version timestamptz, p_event_id text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_object jsonb := p_object;
begin
    if p_object ->> 'object' = 'invoice' and p_object ->> 'status' is null then
        -- Until 2018 an invoice had no status.
        v_object := jsonb_build_object('created', p_object -> 'date') || p_object || jsonb_build_object('status', case
            when p_object -> 'paid' = 'true' then 'paid'
            when p_object -> 'forgiven' = 'true' then 'uncollectible'
            when p_object -> 'closed' = 'true' then 'void'
            else 'open'
        end);
    end if;
    if tenantry.has_unread_lines(v_object) then
        v_object := tenantry.keep_invoice_lines(v_object);
    end if;
    insert into tenantry.stripe_objects as o (
        id, object, version, progress, event_id, data, customer, subscription, invoice, payment_intent, charge
    )
    select v_object ->> 'id', v_object ->> 'object', p_version, tenantry.stripe_progress(v_object), p_event_id,
        v_object, r.customer, r.subscription, r.invoice, r.payment_intent, r.charge
    from tenantry.referenced_stripe_ids(v_object) as r
    on conflict (id) do update
    set version = excluded.version, progress = excluded.progress, event_id = excluded.event_id, data = excluded.data,
        customer = excluded.customer, subscription = excluded.subscription, invoice = excluded.invoice,
        payment_intent = excluded.payment_intent, charge = excluded.charge
    where (excluded.version, excluded.progress, excluded.event_id) > (o.version, o.progress, o.event_id);
end
$$;

comment on function tenantry.upsert_stripe_object(jsonb, timestamptz, text) is
    'Stores the state of an object if it is newer than the stored one.';
revoke all on function tenantry.upsert_stripe_object from public, anon, authenticated, service_role;
