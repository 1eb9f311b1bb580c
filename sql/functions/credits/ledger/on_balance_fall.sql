-- Acts when a change takes credits below a threshold of the organization:
--
-- - If the available credits fall below low_balance_threshold, it records a low_balance event.
-- - If the balance falls below auto_top_up_threshold, it buys credits.
--
-- It acts once for each fall. A further change below the threshold does nothing. A hold lowers the available credits
-- and not the balance, so it buys nothing. Otherwise a caller who makes and releases holds would cause many payments.
--
-- p_account: the row after the change.
-- p_amount: the credits by which the available credits fell.
-- p_spent: the credits by which the balance fell; p_amount unless given. 0 after a refund of money, because the
-- customer must not pay for these credits again.
-- Locks: none of its own. The caller holds the account's lock.
create or replace function tenantry.on_balance_fall(
    p_account public.organizations,
    p_amount integer,
    p_spent integer default null
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_available constant integer := greatest(p_account.credit_balance - p_account.credits_reserved, 0);
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
    if p_account.credit_balance < p_account.auto_top_up_threshold
        and p_account.credit_balance::bigint + coalesce(p_spent, p_amount) >= p_account.auto_top_up_threshold then
        perform tenantry.request_top_up(p_account.id);
    end if;
end
$$;

comment on function tenantry.on_balance_fall(public.organizations, integer, integer) is
    'Records a low_balance event, or buys credits, when credits have just crossed a threshold downwards.';
revoke all on function tenantry.on_balance_fall from public, anon, authenticated, service_role;
