-- Raises TN019: the operation does not apply to entries of this type.
--
-- p_wanted: the end of the message, such as "a consumption can be refunded".
create or replace function tenantry.fail_wrong_transaction_type(
    p_entry public.credit_transactions,
    p_wanted text
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.fail(
        'TN019', format('the entry is of type %s: only %s', p_entry.transaction_type, p_wanted),
        jsonb_build_object(
            'field', 'credit_transaction_id', 'credit_transaction_id', p_entry.id,
            'transaction_type', p_entry.transaction_type));
end
$$;

comment on function tenantry.fail_wrong_transaction_type(public.credit_transactions, text) is
    'Raises TN019: the operation does not apply to entries of this type. p_wanted ends the message.';
revoke all on function tenantry.fail_wrong_transaction_type from public, anon, authenticated, service_role;
