-- The earliest moment at which time changes an organization's account; null for never.
create or replace function tenantry.next_due(p_organization_id uuid) returns timestamptz
language sql stable
set search_path = pg_catalog, pg_temp
return least(
    (
        select min(l.expires_at) from tenantry.credit_lots as l
        where l.organization_id = p_organization_id and l.remaining > 0 and l.expired_at is null
          and l.expires_at < 'infinity'
    ),
    (
        select min(l.effective_at) from tenantry.credit_lots as l
        where l.organization_id = p_organization_id and l.remaining > 0 and l.entry_number is null
    ),
    (
        select min(h.expires_at) from tenantry.credit_holds as h
        where h.organization_id = p_organization_id and h.state = 'active'
    )
);

comment on function tenantry.next_due(uuid) is
    'When the next lot expires, future grant takes effect or hold lapses; null for never.';
revoke all on function tenantry.next_due from public, anon, authenticated, service_role;
