-- Records a low_balance event when the available credits have just fallen below the organization's threshold. It is
-- a crossing, so there is none again until they have been above.
--
-- p_account: the row after the change. p_amount: credits that were available before and are not any more.
create or replace function tenantry.watch_balance(p_account public.organizations, p_amount integer) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_available constant integer := p_account.credit_balance - p_account.credits_reserved;
begin
    if (
        v_available < p_account.low_balance_threshold
        and v_available::bigint + p_amount >= p_account.low_balance_threshold
    ) is not true then
        return;
    end if;
    insert into tenantry.events (organization_id, event_type, payload, created_at)
    values (
        p_account.id, 'low_balance',
        jsonb_build_object('available', v_available, 'threshold', p_account.low_balance_threshold),
        tenantry.clock()
    );
    perform pg_notify('tenantry_events', p_account.id::text);
end
$$;

comment on function tenantry.watch_balance(public.organizations, integer) is
    'Records a low_balance event when available credits have just crossed the threshold downwards.';
revoke all on function tenantry.watch_balance from public, anon, authenticated, service_role;
