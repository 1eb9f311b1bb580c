-- Returns the earliest moment at which time changes an organization's account; null for never.
create or replace function tenantry.next_due_time(p_organization_id uuid) returns timestamptz
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select least(
        (
            select min(l.expires_at) from tenantry.credit_lots as l
            where l.organization_id = p_organization_id and l.remaining > 0 and l.expired_at is null
              and l.expires_at < 'infinity'
        ),
        (
            select min(g.effective_at) from tenantry.pending_grants as g
            where g.organization_id = p_organization_id and g.cancelled_at is null
        ),
        (
            select min(h.expires_at) from tenantry.credit_holds as h
            where h.organization_id = p_organization_id and h.state = 'active'
        ),
        (
            select min(tenantry.subscription_due_time(s, p))
            from public.organization_subscriptions as s
            left join public.subscription_plans as p on p.id = s.subscription_plan_id
            where s.organization_id = p_organization_id and s.ended_at is null
        )
    );
end;

comment on function tenantry.next_due_time(uuid) is
    'When the next lot expires, grant takes effect, hold lapses or subscription changes; null for never.';
revoke all on function tenantry.next_due_time from public, anon, authenticated, service_role;
