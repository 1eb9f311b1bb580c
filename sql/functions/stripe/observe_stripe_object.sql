-- Takes note of an object as Stripe tells of it, by an event or in an answer, and derives what follows.
--
-- Locks: one lock for all that comes from Stripe, and then the organization's account. Two objects of one payment that
-- arrive at the same time, neither yet known to belong to an organization, would otherwise each be filed without
-- seeing the other. The caller must not hold an account's lock.
-- Returns the organization, or null if nobody here is known by what the object says.
create or replace function tenantry.observe_stripe_object(
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
    perform pg_advisory_xact_lock(hashtextextended('tenantry.stripe_objects', 0));
    perform tenantry.mirror_stripe_object(p_object, p_version, p_event_id);
    if p_object ->> 'object' in ('product', 'price') then
        perform tenantry.follow_stripe_catalog(v_id);
        return null;
    end if;
    select f.organization_id, f.customers into v_organization_id, v_customers
    from tenantry.find_stripe_organization(v_id) as f;
    if v_organization_id is not null then
        foreach v_customer in array v_customers loop
            perform tenantry.link_stripe_customer(v_customer, v_organization_id);
        end loop;
        perform tenantry.derive_stripe_object(v_organization_id, v_id);
    end if;
    return v_organization_id;
end
$$;

comment on function tenantry.observe_stripe_object(jsonb, timestamptz, text) is
    'Mirrors an object of Stripe''s and derives what follows. Returns its organization, null if unknown.';
revoke all on function tenantry.observe_stripe_object from public, anon, authenticated, service_role;
