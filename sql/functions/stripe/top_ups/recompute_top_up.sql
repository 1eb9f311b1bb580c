-- Sets the outcome of an automatic top-up from its payment. Stripe accepts a payment by bank debit at once, and it can
-- fail days later. Then the request has failed after all: it does not count as a payment of the month, the wait before
-- the next attempt begins, and an event tells the application. If the same payment succeeds later, the request has
-- succeeded again.
--
-- p_ids: the objects of the payment, from payment_object_ids().
-- Locks: none of its own. The caller holds the lock of the organization's row.
create or replace function tenantry.recompute_top_up(p_ids text[]) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_top_up record;
begin
    for v_top_up in
        select r.id, r.organization_id, r.state, o.data -> 'last_payment_error' as error,
            o.data ->> 'cancellation_reason' as cancellation
        from tenantry.stripe_requests as r
        join tenantry.stripe_objects as o on o.id = r.stripe_id
        where r.stripe_id = any (p_ids) and r.operation = 'auto_top_up'
          and r.state <> case
              when o.data ->> 'status' in ('canceled', 'requires_payment_method') then 'failed'
              when o.data ->> 'status' = 'succeeded' then 'succeeded'
              else r.state
          end
    loop
        if v_top_up.state = 'failed' then
            update tenantry.stripe_requests as r
            set state = 'succeeded', error_type = null, error_code = null, error_message = null
            where r.id = v_top_up.id;
            continue;
        end if;
        update tenantry.stripe_requests as r
        set state = 'failed',
            error_type = coalesce(v_top_up.error ->> 'type', 'card_error'),
            error_code = coalesce(
                v_top_up.error ->> 'decline_code', v_top_up.error ->> 'code', v_top_up.cancellation, 'canceled'),
            error_message = v_top_up.error ->> 'message',
            finished_at = tenantry.clock()
        where r.id = v_top_up.id;
        perform tenantry.record_top_up_failure(
            r.organization_id,
            jsonb_build_object(
                'reason', r.error_code, 'message', r.error_message, 'stripe_request_id', r.id))
        from tenantry.stripe_requests as r
        where r.id = v_top_up.id;
    end loop;
end
$$;

comment on function tenantry.recompute_top_up(text[]) is
    'Sets the outcome of an automatic top-up from its payment. The caller holds the account''s lock.';
revoke all on function tenantry.recompute_top_up from public, anon, authenticated, service_role;
