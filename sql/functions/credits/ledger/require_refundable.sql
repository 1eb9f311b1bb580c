-- Raises TN017 if a refund would give back more of a consumption than it spent.
--
-- p_spent: the consumption. p_amount: credits to refund; null for all that is not refunded yet.
-- Returns the credits that were refunded before.
create or replace function tenantry.require_refundable(
    p_spent public.credit_transactions,
    p_amount integer
) returns bigint
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_refunded bigint;
begin
    select coalesce(sum(t.amount), 0) into v_refunded
    from public.credit_transactions as t
    where t.organization_id = p_spent.organization_id and t.source_id = p_spent.id
      and t.transaction_type = 'refunded' and t.source = 'refund';
    if v_refunded + coalesce(p_amount, 1) > - p_spent.amount then
        perform tenantry.fail(
            'TN017', format(
                '%s credits were spent and %s refunded already, so %s can be',
                - p_spent.amount, v_refunded, - p_spent.amount - v_refunded),
            jsonb_build_object(
                'credit_transaction_id', p_spent.id, 'spent', - p_spent.amount,
                'refunded', v_refunded, 'amount', p_amount));
    end if;
    return v_refunded;
end
$$;

comment on function tenantry.require_refundable(public.credit_transactions, integer) is
    'Returns the credits of the consumption that were refunded before. Raises TN017 if the amount is too high.';
revoke all on function tenantry.require_refundable from public, anon, authenticated, service_role;
