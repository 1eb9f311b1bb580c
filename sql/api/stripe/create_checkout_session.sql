-- Requests a page at Stripe on which the organization subscribes to a plan or buys credits.
--
-- If the organization has no customer at Stripe, the customer is requested first. The call itself sells nothing: the
-- sale follows when Stripe reports the payment. The options of the page have Stripe's names.
--
-- Locks: none.
-- Raises: TN001, TN002, TN023 (more members than seats), TN026 (subscribed at Stripe already), TN027 (inactive plan),
-- TN045 (no price at Stripe), TN046 (inactive product), TN047, 42501.
-- Callers: holders of billing:manage in the organization.
create or replace function tenantry.create_checkout_session(
    p_organization_id uuid,
    p_subscription_plan text,
    p_credit_product text,
    p_quantity integer,
    p_success_url text,
    p_cancel_url text,
    p_email text,
    p_save_payment_method boolean,
    p_allow_promotion_codes boolean,
    p_automatic_tax boolean,
    p_tax_id_collection boolean,
    p_billing_address_collection boolean,
    p_trial_without_payment_method boolean,
    p_locale text,
    p_currency text
) returns public.stripe_request
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_quantity constant integer := coalesce(p_quantity, 1);
    v_plan public.subscription_plans;
    v_product public.credit_products;
    v_live public.organization_subscriptions;
    v_metadata jsonb := jsonb_build_object('tenantry_organization_id', p_organization_id);
    v_user_id constant uuid := tenantry.trial_user(p_organization_id);
    v_page jsonb;
    v_params jsonb;
begin
    perform tenantry.authorize_billing(p_organization_id);
    perform tenantry.require_url('success_url', p_success_url);
    perform tenantry.require_url('cancel_url', p_cancel_url);
    perform tenantry.require_email('email', p_email);
    if coalesce(p_subscription_plan, '') <> '' and coalesce(p_credit_product, '') <> '' then
        perform tenantry.fail_invalid('credit_product', 'excludes subscription_plan: give one of the two');
    elsif v_quantity < 1 then
        perform tenantry.fail_invalid('quantity', 'must be at least 1');
    end if;
    perform tenantry.require_pattern(
        'locale', p_locale, '^(auto|[a-z]{2,3}(-([A-Z]{2}|[0-9]{3}))?)$', 'a language such as de or pt-BR, or auto');
    v_page := jsonb_build_object(
        'allow_promotion_codes', nullif(p_allow_promotion_codes, false),
        'automatic_tax', case when p_automatic_tax then '{"enabled": true}'::jsonb end,
        'tax_id_collection', case when p_tax_id_collection then '{"enabled": true}'::jsonb end,
        'billing_address_collection', case when p_billing_address_collection then 'required' end,
        -- Stripe demands that the customer is updated with the page's address for taxes and its name for tax ids.
        'customer_update', nullif(jsonb_strip_nulls(jsonb_build_object(
            'address', case when p_automatic_tax or p_billing_address_collection then 'auto' end,
            'name', case when p_tax_id_collection then 'auto' end)), '{}'),
        'locale', p_locale,
        'currency', lower(tenantry.normalize_currency(nullif(p_currency, '')) collate "C"));

    if coalesce(p_credit_product, '') <> '' then
        v_product := tenantry.find_credit_product_for_sale(p_credit_product);
        perform tenantry.require_stripe_price(v_product.stripe_price_id, v_product.name);
        if v_quantity > 1000 then
            perform tenantry.fail_invalid('quantity', 'must be between 1 and 1000');
        elsif p_trial_without_payment_method then
            perform tenantry.fail_invalid('trial_without_payment_method', 'is for plans');
        elsif v_product.credit_amount::bigint * v_quantity > 2147483647 then
            perform tenantry.fail_invalid('quantity', 'is more credits than an account can hold');
        elsif v_product.price_amount::bigint * v_quantity > 2147483647 then
            perform tenantry.fail_invalid('quantity', 'is more money than a bill can hold');
        end if;
        v_metadata := tenantry.build_purchase_metadata(p_organization_id, v_product.id, v_quantity, 'credit_purchase');
        v_params := jsonb_build_object(
            'mode', 'payment',
            'line_items', jsonb_build_array(
                jsonb_build_object('price', v_product.stripe_price_id, 'quantity', v_quantity)),
            'payment_intent_data', jsonb_build_object(
                'metadata', v_metadata,
                'setup_future_usage', case when p_save_payment_method then 'off_session' end),
            'invoice_creation', jsonb_build_object(
                'enabled', true, 'invoice_data', jsonb_build_object('metadata', v_metadata)));
    else
        v_plan := tenantry.find_plan_for_sale(p_subscription_plan);
        perform tenantry.require_stripe_price(v_plan.stripe_price_id, v_plan.name);
        perform tenantry.require_plan_quantity(v_plan, v_quantity);
        if p_trial_without_payment_method and tenantry.trial_limit(v_plan) = 'payment_method' then
            perform tenantry.fail_invalid(
                'trial_without_payment_method', 'is not for a plan whose trial is one for each payment method');
        end if;
        perform tenantry.require_plan_seats(
            p_organization_id, least(v_plan.max_users::bigint * v_quantity, 2147483647)::integer);
        select * into v_live
        from public.organization_subscriptions as s
        where s.organization_id = p_organization_id and s.ended_at is null
          and s.stripe_subscription_id is not null;
        if found then
            perform tenantry.fail_subscription_exists(v_live);
        end if;
        v_params := jsonb_build_object(
            'mode', 'subscription',
            'line_items', jsonb_build_array(
                jsonb_build_object('price', v_plan.stripe_price_id, 'quantity', v_quantity)),
            'payment_method_collection', case when p_trial_without_payment_method then 'if_required' end,
            'subscription_data', jsonb_build_object(
                -- A trial that nobody pays for after its end is cancelled then.
                'trial_settings', case when p_trial_without_payment_method then
                    '{"end_behavior": {"missing_payment_method": "cancel"}}'::jsonb end,
                -- The trial counts for this user when Stripe tells of it.
                'metadata', v_metadata || jsonb_build_object('tenantry_user_id', v_user_id),
                -- A trial is for an organization without an earlier subscription, and for a user without a trial.
                'trial_period_days', case when not exists (
                    select from public.organization_subscriptions as s where s.organization_id = p_organization_id
                ) and not (tenantry.trial_limit(v_plan) = 'user' and exists (
                    select from tenantry.used_trials as u
                    where u.kind = 'user' and u.organization_id <> p_organization_id
                      and u.holder in (
                          select v_user_id::text
                          union all
                          select ur.user_id::text
                          from public.user_roles as ur
                          join public.roles as r on r.id = ur.role_id
                          where ur.organization_id = p_organization_id and r.name = 'owner' and v_user_id is null
                      )
                )) then nullif(v_plan.trial_period_days, 0) end));
    end if;

    return tenantry.present_stripe_request(tenantry.create_session_request(
        'create_checkout_session', p_organization_id, p_email, '/v1/checkout/sessions',
        v_params || v_page || jsonb_build_object(
            'client_reference_id', p_organization_id, 'success_url', p_success_url, 'cancel_url', p_cancel_url,
            'metadata', v_metadata)));
end
$$;

comment on function tenantry.create_checkout_session(
    uuid, text, text, integer, text, text, text, boolean, boolean, boolean, boolean, boolean, boolean, text, text
) is
    'Checks billing:manage and the plan or product, and creates the request for the page.';
revoke all on function tenantry.create_checkout_session from public, anon, authenticated, service_role;
grant execute on function tenantry.create_checkout_session to authenticated, service_role;

create or replace function public.create_checkout_session(
    organization_id uuid default null,
    subscription_plan text default null,
    credit_product text default null,
    quantity integer default null,
    success_url text default null,
    cancel_url text default null,
    email text default null,
    save_payment_method boolean default null,
    allow_promotion_codes boolean default null,
    automatic_tax boolean default null,
    tax_id_collection boolean default null,
    billing_address_collection boolean default null,
    trial_without_payment_method boolean default null,
    locale text default null,
    currency text default null
) returns public.stripe_request
language sql volatile
return tenantry.create_checkout_session(
    organization_id, subscription_plan, credit_product, quantity, success_url, cancel_url, email, save_payment_method,
    allow_promotion_codes, automatic_tax, tax_id_collection, billing_address_collection, trial_without_payment_method,
    locale, currency);

comment on function public.create_checkout_session(
    uuid, text, text, integer, text, text, text, boolean, boolean, boolean, boolean, boolean, boolean, text, text
) is
    'Requests a page at Stripe on which the organization takes subscription_plan, or buys credit_product, quantity'
    ' times (1 unless given). Both are ids, names or Stripe prices. success_url, cancel_url: the addresses to which'
    ' the page leads back. email: for a new customer. save_payment_method: keep it for automatic top-ups.'
    ' allow_promotion_codes, automatic_tax, tax_id_collection, billing_address_collection: options of the page.'
    ' trial_without_payment_method: the trial begins without a card, and is cancelled at its end if there is none.'
    ' locale: the language of the page; the browser''s unless given. currency: one that the price has at Stripe'
    ' beside its own. Returns the request, whose url is the page once it has succeeded: see get_stripe_request.'
    ' Raises TN001, TN002, TN023 (more members than seats), TN026 (subscribed already), TN027 (inactive plan), TN045'
    ' (no price at Stripe), TN046 (inactive product), TN047, 42501.';
revoke all on function public.create_checkout_session from public, anon, authenticated, service_role;
grant execute on function public.create_checkout_session to authenticated, service_role;
