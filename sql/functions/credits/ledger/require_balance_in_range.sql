-- Raises TN010 if an addition takes the balance past the range of an integer, now or once all pending grants have taken
-- effect.
--
-- p_account: the row, locked by the caller. p_amount: credits to add.
create or replace function tenantry.require_balance_in_range(
    p_account public.organizations,
    p_amount integer
) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_pending constant bigint := tenantry.sum_pending_grants(p_account.id);
begin
    if p_account.credit_balance + v_pending + p_amount > 2147483647 then
        perform tenantry.fail(
            'TN010', 'the balance would pass 2147483647 credits, the most that an account can hold',
            jsonb_build_object(
                'field', 'amount', 'organization_id', p_account.id,
                'balance', p_account.credit_balance, 'pending', v_pending, 'amount', p_amount));
    end if;
end
$$;

comment on function tenantry.require_balance_in_range(public.organizations, integer) is
    'Raises TN010 if the balance, the pending grants and the amount together are out of range.';
revoke all on function tenantry.require_balance_in_range from public, anon, authenticated, service_role;
