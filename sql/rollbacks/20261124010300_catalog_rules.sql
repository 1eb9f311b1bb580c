alter table public.billing_history drop column request_hash, drop column idempotency_key;
alter table public.credit_products
    drop constraint credit_products_stripe_product_id_check,
    drop constraint credit_products_stripe_price_id_check,
    drop constraint credit_products_price_amount_check,
    add constraint credit_products_price_amount_check check (price_amount >= 0),
    drop constraint credit_products_name_check,
    add constraint credit_products_name_check check (name ~ '[^[:space:]]');
comment on column public.credit_products.stripe_price_id is null;
comment on column public.credit_products.stripe_product_id is null;
alter table public.subscription_plans
    drop constraint subscription_plans_stripe_product_id_check,
    drop constraint subscription_plans_stripe_price_id_check,
    drop constraint subscription_plans_trial_period_days_check,
    add constraint subscription_plans_trial_period_days_check check (trial_period_days >= 0),
    drop constraint subscription_plans_interval_count_check,
    add constraint subscription_plans_interval_count_check check (interval_count > 0),
    drop constraint subscription_plans_name_check,
    add constraint subscription_plans_name_check check (name ~ '[^[:space:]]');
comment on column public.subscription_plans.stripe_price_id is null;
comment on column public.subscription_plans.stripe_product_id is null;
comment on column public.subscription_plans.trial_period_days is null;
comment on column public.subscription_plans.features is null;
