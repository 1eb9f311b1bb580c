-- Returns one billing record, by its id or by its invoice at Stripe.
--
-- Raises: TN001 (not exactly one of the two is given), TN002, 42501.
-- Callers: holders of billing:read in the organization. It runs as the caller.
create or replace function public.get_billing_record(
    organization_id uuid default null,
    billing_record_id uuid default null,
    stripe_invoice_id text default null
) returns public.billing_history
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_record public.billing_history;
begin
    if get_billing_record.organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    elsif num_nonnulls(billing_record_id, get_billing_record.stripe_invoice_id) <> 1 then
        perform tenantry.fail_invalid('billing_record_id', 'give either billing_record_id or stripe_invoice_id');
    end if;
    perform tenantry.authorize('billing:read', get_billing_record.organization_id);
    select * into v_record
    from public.billing_history as b
    where b.organization_id = get_billing_record.organization_id
      and (b.id = billing_record_id or b.stripe_invoice_id = get_billing_record.stripe_invoice_id);
    if not found then
        perform tenantry.fail_not_found(
            'billing_record', coalesce(billing_record_id::text, get_billing_record.stripe_invoice_id));
    end if;
    return v_record;
end
$$;

comment on function public.get_billing_record(uuid, uuid, text) is
    'The billing record of that organization with that id, or for that invoice at Stripe. Raises TN001, TN002, 42501.';
revoke all on function public.get_billing_record from public, anon, authenticated, service_role;
grant execute on function public.get_billing_record to authenticated, service_role;
