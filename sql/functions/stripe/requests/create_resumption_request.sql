-- Requests that Stripe takes back the cancellation of a subscription. Requests nothing for a subscription that is not
-- cancelled there.
--
-- A cancellation is cancel_at_period_end, or a date in cancel_at: the customer portal sets the date for subscriptions
-- in flexible billing mode. Stripe refuses a request that has both parameters, and ignores the one that is not set.
--
-- Raises: TN047.
create or replace function tenantry.create_resumption_request(
    p_subscription public.organization_subscriptions
) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_data constant jsonb := (
        select o.data from tenantry.stripe_objects as o where o.id = p_subscription.stripe_subscription_id
    );
    v_ends_with_period constant boolean := coalesce((v_data ->> 'cancel_at_period_end')::boolean, false)
        or tenantry.is_request_pending(p_subscription, 'cancel_subscription');
begin
    if v_ends_with_period or v_data ->> 'cancel_at' is not null or p_subscription.cancel_at_period_end then
        perform tenantry.create_subscription_request(
            p_subscription, 'resume_subscription', 'post',
            case
                when not v_ends_with_period and v_data ->> 'cancel_at' is not null then '{"cancel_at": ""}'::jsonb
                else '{"cancel_at_period_end": false}'
            end);
    end if;
end
$$;

comment on function tenantry.create_resumption_request(public.organization_subscriptions) is
    'Creates a request that takes back the cancellation of a subscription at Stripe, if there is one. Raises TN047.';
revoke all on function tenantry.create_resumption_request from public, anon, authenticated, service_role;
