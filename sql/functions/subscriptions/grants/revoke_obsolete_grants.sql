-- Revokes the grants of credit periods that a subscription no longer has, such as later months of a plan that was
-- changed.
--
-- p_from: considers periods that begin at this time or later. p_keep: the starts of the periods that the subscription
-- has; nulls among them count as nothing. p_at: the present time.
-- Locks: none of its own. The caller holds the account's lock and has settled it.
create or replace function tenantry.revoke_obsolete_grants(
    p_subscription public.organization_subscriptions,
    p_from timestamptz,
    p_keep timestamptz[],
    p_at timestamptz
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_granted tenantry.granted_credits;
begin
    for v_granted in
        select * from tenantry.granted_credits as g
        where g.organization_id = p_subscription.organization_id and g.source in ('subscription', 'provisional')
          and g.source_id = p_subscription.id and g.starts_at >= p_from
          and g.ends_at > p_at and g.credits > 0 and g.starts_at <> all (array_remove(p_keep, null))
    loop
        v_granted.credits := 0;
        perform tenantry.adjust_grant(v_granted, null, 'No longer part of the subscription', p_at);
    end loop;
end
$$;

comment on function tenantry.revoke_obsolete_grants(
    public.organization_subscriptions, timestamptz, timestamptz[], timestamptz
) is 'Revokes the grants of credit periods that the subscription no longer has. The caller holds the account''s lock.';
revoke all on function tenantry.revoke_obsolete_grants from public, anon, authenticated, service_role;
