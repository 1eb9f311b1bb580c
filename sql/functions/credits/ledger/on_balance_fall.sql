-- Acts when the available credits have just fallen below a threshold of the organization: records a low_balance event,
-- or buys credits. It acts on the crossing only: again after the credits have been above the threshold.
--
-- p_account: the row after the change.
-- p_amount: credits that were available before the change and no longer are.
-- p_buys: false for credits that were taken back with their money, because that must not charge the customer again.
-- Locks: none of its own. The caller holds the account's lock.
create or replace function tenantry.on_balance_fall(
    p_account public.organizations,
    p_amount integer,
    p_buys boolean default true
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_available constant integer := p_account.credit_balance - p_account.credits_reserved;
    v_before constant bigint := v_available::bigint + p_amount;
begin
    if v_available < p_account.low_balance_threshold and v_before >= p_account.low_balance_threshold then
        insert into tenantry.events (organization_id, event_type, payload, created_at)
        values (
            p_account.id, 'low_balance',
            jsonb_build_object('available', v_available, 'threshold', p_account.low_balance_threshold),
            tenantry.clock()
        );
        perform tenantry.notify('tenantry_events');
    end if;
    if p_buys and v_available < p_account.auto_top_up_threshold and v_before >= p_account.auto_top_up_threshold then
        perform tenantry.request_top_up(p_account.id);
    end if;
end
$$;

comment on function tenantry.on_balance_fall(public.organizations, integer, boolean) is
    'Records a low_balance event, or buys credits, when available credits have just crossed a threshold downwards.';
revoke all on function tenantry.on_balance_fall from public, anon, authenticated, service_role;
