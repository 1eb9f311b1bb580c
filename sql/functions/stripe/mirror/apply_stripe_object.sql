-- Applies an object that Stripe sent in an event or an answer: mirrors it and derives the rest. Returns the
-- organization; null if the object belongs to no known organization.
--
-- p_version: the time of the event or answer, by Stripe's clock. p_event_id: the event, or a name for the answer. It
-- orders states of the same moment.
-- Locks: the organization's row, then its subscriptions. The caller holds the Stripe lock of the object's customer.
-- Raises: the errors of recompute_stripe_object().
create or replace function tenantry.apply_stripe_object(
    p_object jsonb,
    p_version timestamptz,
    p_event_id text
) returns uuid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_id constant text := p_object ->> 'id';
    v_organization_id uuid;
    v_customers text[];
    v_customer text;
begin
    perform tenantry.upsert_stripe_object(p_object, p_version, p_event_id);
    if p_object ->> 'object' in ('product', 'price') then
        perform tenantry.update_catalog_from_stripe(v_id);
        return null;
    end if;
    select f.organization_id, f.customers into v_organization_id, v_customers
    from tenantry.find_stripe_organization(v_id) as f;
    if v_organization_id is not null then
        foreach v_customer in array v_customers loop
            perform tenantry.link_stripe_customer(v_customer, v_organization_id);
        end loop;
        perform tenantry.recompute_stripe_object(v_organization_id, v_id);
    end if;
    return v_organization_id;
end
$$;

comment on function tenantry.apply_stripe_object(jsonb, timestamptz, text) is
    'Mirrors an object from Stripe and derives the rest. Returns its organization; null if unknown.';
revoke all on function tenantry.apply_stripe_object from public, anon, authenticated, service_role;
