-- Takes back the credits of a subscription's credit periods that there are no longer: such as months still to come of a
-- plan that has been changed.
--
-- p_from: looks at periods that begin then or later. p_keep: when those begin that there are. p_at: the present time.
-- The caller holds the account's lock.
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
        where g.organization_id = p_subscription.organization_id and g.source = 'subscription'
          and g.source_id = p_subscription.id and g.starts_at >= p_from
          and g.ends_at > p_at and g.credits > 0 and not g.starts_at = any (p_keep)
    loop
        v_granted.credits := 0;
        perform tenantry.adjust_grant(v_granted, null, 'No longer part of the subscription', p_at);
    end loop;
end
$$;

comment on function tenantry.revoke_obsolete_grants(
    public.organization_subscriptions, timestamptz, timestamptz[], timestamptz
) is
    'Takes back the credits of credit periods that there are no longer. The caller holds the lock.';
revoke all on function tenantry.revoke_obsolete_grants from public, anon, authenticated, service_role;
