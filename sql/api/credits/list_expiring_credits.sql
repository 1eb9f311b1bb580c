-- Lists the lots that expire before a time, soonest first. tenantry.list_credit_lots() does the work.
--
-- Locks: nothing. It writes nothing.
-- Raises: TN001, TN002, TN003, 42501.
-- Callers: holders of credits:read in the organization.
create or replace function public.list_expiring_credits(
    organization_id uuid default null,
    expires_before timestamptz default null,
    page_size integer default null,
    page_token text default null,
    out lots public.credit_lot[],
    out next_page_token text
)
language sql stable
begin atomic
    select l.lots, l.next_page_token
    from tenantry.list_credit_lots(
        organization_id, null, false, coalesce(expires_before, 'infinity'), page_size, page_token) as l;
end;

comment on function public.list_expiring_credits(uuid, timestamptz, integer, text) is
    'Unspent credits that expire before a time (at any time unless given), soonest first. page_size: rows, 50 unless'
    ' given, at most 1000. Raises TN001, TN002, TN003, 42501.';
revoke all on function public.list_expiring_credits from public, anon, authenticated, service_role;
grant execute on function public.list_expiring_credits to authenticated, service_role;
