-- Computes everything that depends on an object anew from the mirror: purchases and billing history of its payment, and
-- subscriptions with their credits. The result depends on the mirror and the clock only, so the function can be called
-- at any time.
--
-- Locks: the organization's row, then its subscriptions. The caller holds the Stripe lock.
-- Raises: the errors of the ledger, such as TN010.
create or replace function tenantry.recompute_stripe_object(p_organization_id uuid, p_id text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_ids constant text[] := tenantry.payment_object_ids(p_id);
begin
    perform tenantry.lock_account(p_organization_id);
    perform tenantry.recompute_purchase(p_organization_id, v_ids);
    perform tenantry.recompute_billing_history(p_organization_id, v_ids);
    perform tenantry.recompute_top_up(v_ids);
    perform tenantry.request_invoice_lines(v_ids);
    perform tenantry.record_plan_lines(v_ids);
    perform from tenantry.stripe_objects as o
    where o.id = any (v_ids) and (
        o.object in ('subscription', 'payment_method') or o.object = 'invoice' and o.subscription is not null);
    if found then
        perform tenantry.recompute_stripe_subscriptions(p_organization_id, v_ids);
    end if;

    -- Events that had no known organization when they arrived.
    update tenantry.stripe_events as e
    set organization_id = p_organization_id, processed_at = tenantry.clock(),
        state = case
            when exists (
                select from tenantry.stripe_objects as o
                where o.id = e.object_id and tenantry.has_unread_lines(o.data)
            ) then 'pending'
            when tenantry.has_unknown_stripe_price(e.payload #> '{data,object}')
            then e.state else 'processed' end
    where e.state = 'unmatched' and e.object_id = any (v_ids);
end
$$;

comment on function tenantry.recompute_stripe_object(uuid, text) is
    'Computes purchases, billing history and subscriptions that depend on an object anew from the mirror.';
revoke all on function tenantry.recompute_stripe_object from public, anon, authenticated, service_role;
