-- Returns the totals that an organization was billed, by currency. It adds nothing up across currencies.
--
-- Raises: TN001, 42501.
-- Callers: holders of billing:read in the organization. It runs as the caller.
create or replace function public.get_billing_summary(
    organization_id uuid default null,
    out totals public.billing_total[]
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if get_billing_summary.organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.authorize('billing:read', get_billing_summary.organization_id);
    select coalesce(array_agg(row(
        t.currency, t.paid, t.refunded, t.open, t.records)::public.billing_total order by t.currency), '{}') into totals
    from (
        select
            b.currency,
            coalesce(sum(b.amount) filter (where b.status in ('paid', 'refunded')), 0) as paid,
            sum(b.amount_refunded) as refunded,
            coalesce(sum(b.amount) filter (where b.status in ('pending', 'failed')), 0) as open,
            count(*) as records
        from public.billing_history as b
        where b.organization_id = get_billing_summary.organization_id
        group by b.currency
    ) as t;
end
$$;

comment on function public.get_billing_summary(uuid) is
    'The totals that the organization was billed, by currency, in minor units: paid (before refunds), refunded, open'
    ' (pending or failed), and the number of records. Raises TN001, 42501.';
revoke all on function public.get_billing_summary from public, anon, authenticated, service_role;
grant execute on function public.get_billing_summary to authenticated, service_role;
