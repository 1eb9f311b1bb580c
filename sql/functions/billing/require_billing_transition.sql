-- Raises an error unless billing_transitions allows a billing record to change its status.
--
-- p_record: the record with its new status. p_from_status: the old status, or the word new for an inserted record.
-- Raises: TN035.
create or replace function tenantry.require_billing_transition(p_record public.billing_history, p_from_status text)
returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_record.status <> p_from_status and not exists (
        select from tenantry.billing_transitions as t
        where t.from_status = p_from_status and t.to_status = p_record.status
          and (not t.stripe_only or num_nonnulls(p_record.stripe_invoice_id, p_record.stripe_payment_intent_id) > 0)
    ) then
        perform tenantry.fail(
            'TN035', format('a record that is %s cannot become %s', p_from_status, p_record.status),
            jsonb_build_object(
                'field', 'status', 'billing_record_id', p_record.id, 'from_status', p_from_status,
                'to_status', p_record.status));
    end if;
end
$$;

comment on function tenantry.require_billing_transition(public.billing_history, text) is
    'Raises TN035 unless billing_transitions allows the change of status.';
revoke all on function tenantry.require_billing_transition from public, anon, authenticated, service_role;
