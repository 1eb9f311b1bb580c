-- Raises TN009: the available credits of the account do not cover the required credits.
create or replace function tenantry.fail_insufficient_credits(
    p_account public.organizations,
    p_required integer
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_available constant integer := greatest(p_account.credit_balance - p_account.credits_reserved, 0);
begin
    perform tenantry.fail(
        'TN009', format('%s credits are required, %s are available', p_required, v_available),
        jsonb_build_object(
            'organization_id', p_account.id, 'required', p_required, 'available', v_available,
            'balance', p_account.credit_balance, 'held', p_account.credits_reserved));
end
$$;

comment on function tenantry.fail_insufficient_credits(public.organizations, integer) is
    'Raises TN009: the available credits of the account do not cover the required credits.';
revoke all on function tenantry.fail_insufficient_credits from public, anon, authenticated, service_role;
