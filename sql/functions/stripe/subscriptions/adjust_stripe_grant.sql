-- Adjusts a grant of a subscription at Stripe that is not the one of its credit period. A grant that has expired stays
-- as it is.
--
-- p_source: provisional or late. p_source_id, p_starts_at: identify the grant. p_ends_at: the time at which its unspent
-- credits expire. p_at: the present time.
-- Locks: none of its own. The caller holds the account's lock and has settled it.
create or replace function tenantry.adjust_stripe_grant(
    p_organization_id uuid,
    p_source text,
    p_source_id uuid,
    p_starts_at timestamptz,
    p_ends_at timestamptz,
    p_credits integer,
    p_description text,
    p_at timestamptz
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_target tenantry.granted_credits;
begin
    select * into v_target
    from tenantry.granted_credits as g
    where g.organization_id = p_organization_id and g.source = p_source and g.source_id = p_source_id
      and g.starts_at = p_starts_at;
    if coalesce(v_target.ends_at, p_ends_at) <= p_at then
        return;
    end if;
    v_target.organization_id := p_organization_id;
    v_target.source := p_source;
    v_target.source_id := p_source_id;
    v_target.starts_at := p_starts_at;
    v_target.ends_at := p_ends_at;
    v_target.credits := p_credits;
    perform tenantry.adjust_grant(v_target, null, p_description, p_at);
end
$$;

comment on function tenantry.adjust_stripe_grant(
    uuid, text, uuid, timestamptz, timestamptz, integer, text, timestamptz
) is 'Adjusts a provisional or late grant of a subscription at Stripe. The caller holds the account''s lock.';
revoke all on function tenantry.adjust_stripe_grant from public, anon, authenticated, service_role;
