-- Applies all changes that are due at one moment: holds lapse, then lots expire, then pending grants take effect, then
-- the subscription renews or ends.
--
-- Reads apply the same rules without writing: project_lots() for holds, lots and grants, project_renewal_lots() for the
-- subscription. Tests compare the two forms after random histories: tests/sql/credits/test_projection.py (holds, lots,
-- pending grants) and tests/sql/subscriptions/test_laziness.py (subscriptions).
--
-- p_at: the moment. Everything earlier has been applied.
-- Locks: the live subscription. The caller holds the account's lock and has allocated all consumption.
-- Callers: settle_account().
create or replace function tenantry.apply_due(p_organization_id uuid, p_at timestamptz) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_lapsed bigint;
    v_grant tenantry.pending_grants;
begin
    with ended as (
        update tenantry.credit_holds as h
        set state = 'lapsed', ended_at = h.expires_at
        where h.organization_id = p_organization_id and h.state = 'active' and h.expires_at <= p_at
        returning h.remaining
    )
    select sum(remaining) into v_lapsed from ended;
    if v_lapsed > 0 then
        update public.organizations set credits_reserved = credits_reserved - v_lapsed where id = p_organization_id;
    end if;

    update tenantry.credit_lots as l
    set expired_at = l.expires_at
    where l.organization_id = p_organization_id and l.remaining > 0 and l.expired_at is null and l.expires_at <= p_at;
    perform tenantry.expire_lots(p_organization_id, p_at, coalesce(v_lapsed, 0)::integer);

    for v_grant in
        select * from tenantry.pending_grants as g
        where g.organization_id = p_organization_id and g.cancelled_at is null and g.effective_at <= p_at
        order by g.effective_at, g.id
    loop
        perform tenantry.apply_pending_grant(v_grant, p_at);
        if v_grant.source = 'subscription' then
            perform tenantry.roll_over_credits(
                p_organization_id, v_grant.source_id, v_grant.effective_at, v_grant.expires_at, p_at);
        end if;
    end loop;

    perform tenantry.advance_subscription(p_organization_id, p_at);
end
$$;

comment on function tenantry.apply_due(uuid, timestamptz) is
    'Applies all changes that are due at one moment: lapsing holds, expiring lots, pending grants, the subscription.';
revoke all on function tenantry.apply_due from public, anon, authenticated, service_role;
