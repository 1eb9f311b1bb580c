-- Requests the payment of an automatic top-up for an organization whose credits ran low.
--
-- It requests nothing in these cases:
--   - another top-up is under way;
--   - the organization has reached its monthly cap of payments or of failed attempts;
--   - the last attempt has failed a short time ago.
-- Any other reason against the purchase is recorded as an auto_top_up_failed event. The consumption goes on.
--
-- Locks: none of its own. The caller holds the lock of the organization's row.
-- Callers: on_balance_fall().
create or replace function tenantry.request_top_up(p_organization_id uuid) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_customer constant text := tenantry.current_stripe_customer(p_organization_id);
    v_payment_method constant text := tenantry.default_payment_method(v_customer);
    v_auto_top_up tenantry.auto_top_ups;
    v_product public.credit_products;
    v_retry_at constant timestamptz := tenantry.next_top_up_time(p_organization_id, v_payment_method);
    v_obstacle text;
begin
    if exists (
        select from tenantry.stripe_requests as r
        left join tenantry.stripe_objects as o on o.id = r.stripe_id
        where r.organization_id = p_organization_id and r.operation = 'auto_top_up'
          and (r.state = 'pending' or o.data ->> 'status' = 'processing')
    ) then
        return;
    end if;
    select * into v_auto_top_up from tenantry.auto_top_ups as t where t.organization_id = p_organization_id;
    select * into v_product from public.credit_products as p where p.id = v_auto_top_up.credit_product_id;
    v_obstacle := case
        when not v_product.is_active then 'credit_product_inactive'
        when tenantry.count_top_ups(p_organization_id) >= v_auto_top_up.monthly_cap
            or tenantry.count_failed_top_ups(p_organization_id) >= v_auto_top_up.monthly_cap then 'monthly_cap_reached'
        when v_payment_method is null then 'no_payment_method'
        when v_retry_at > tenantry.clock() then 'retry_later'
    end;
    if v_obstacle is not null then
        perform tenantry.record_top_up_failure(
            p_organization_id,
            jsonb_build_object(
                'reason', v_obstacle, 'credit_product_id', v_product.id, 'monthly_cap', v_auto_top_up.monthly_cap,
                'retry_at', case when v_obstacle = 'retry_later' then v_retry_at end));
        return;
    end if;
    perform tenantry.create_stripe_request(
        'auto_top_up', p_organization_id, v_product.id, 'post', '/v1/payment_intents',
        jsonb_build_object(
            'amount', v_product.price_amount, 'currency', lower(v_product.currency), 'customer', v_customer,
            'payment_method', v_payment_method, 'off_session', true, 'confirm', true, 'description', v_product.name,
            -- Nobody is there to be led to a page of the payment method and back.
            'automatic_payment_methods', '{"enabled": true, "allow_redirects": "never"}'::jsonb,
            'metadata', tenantry.build_purchase_metadata(p_organization_id, v_product.id, 1, 'auto_top_up')));
end
$$;

comment on function tenantry.request_top_up(uuid) is
    'Requests the payment of an automatic top-up, unless one is under way. The caller holds the account''s lock.';
revoke all on function tenantry.request_top_up from public, anon, authenticated, service_role;
