-- What the catalog and hand-written billing records need beyond their tables.
--
-- Nothing here writes these tables before, so there is next to nothing to scan and nobody to block.
-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid, require-concurrent-index-creation

-- A plan or product is addressed by id, name or price at Stripe in one argument, so no name may read as either id.
alter table public.subscription_plans
    drop constraint subscription_plans_name_check,
    add constraint subscription_plans_name_check check (
        name ~ '[^[:space:]]'
        and name !~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
        and name !~ '^(price_|local:)'
    ),
    add constraint subscription_plans_stripe_price_id_check check (
        stripe_price_id ~ '^[^[:space:]]+$' and (stripe_price_id !~ '^local:' or stripe_price_id = 'local:' || id::text)
    ),
    add constraint subscription_plans_stripe_product_id_check check (
        stripe_product_id ~ '^[^[:space:]]+$' and (stripe_product_id !~ '^local:' or stripe_product_id = 'local:' || id::text)
    ),
    -- Three years at most, as at Stripe; so no period runs off the calendar.
    drop constraint subscription_plans_interval_count_check,
    add constraint subscription_plans_interval_count_check check (
        interval_count between 1
        and case interval when 'daily' then 1095 when 'weekly' then 156 when 'monthly' then 36 else 3 end
    ),
    drop constraint subscription_plans_trial_period_days_check,
    add constraint subscription_plans_trial_period_days_check check (trial_period_days between 0 and 730);
comment on column public.subscription_plans.stripe_price_id is
    'The price at Stripe, or local:<id> for a plan that Stripe does not know of.';
comment on column public.subscription_plans.stripe_product_id is
    'The product at Stripe, or local:<id> for a plan that Stripe does not know of.';
comment on column public.subscription_plans.trial_period_days is 'Length of a trial; null or 0 for none.';
comment on column public.subscription_plans.features is
    'What the plan allows, by name. credit_rollover, credit_interval, grace_days, trial and past_due have a meaning here.';

alter table public.credit_products
    drop constraint credit_products_name_check,
    add constraint credit_products_name_check check (
        name ~ '[^[:space:]]'
        and name !~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
        and name !~ '^(price_|local:)'
    ),
    add constraint credit_products_stripe_price_id_check check (
        stripe_price_id ~ '^[^[:space:]]+$' and (stripe_price_id !~ '^local:' or stripe_price_id = 'local:' || id::text)
    ),
    add constraint credit_products_stripe_product_id_check check (
        stripe_product_id ~ '^[^[:space:]]+$' and (stripe_product_id !~ '^local:' or stripe_product_id = 'local:' || id::text)
    ),
    -- What costs nothing is granted, not sold.
    drop constraint credit_products_price_amount_check,
    add constraint credit_products_price_amount_check check (price_amount > 0);
comment on column public.credit_products.stripe_price_id is
    'The price at Stripe, or local:<id> for a product that Stripe does not know of.';
comment on column public.credit_products.stripe_product_id is
    'The product at Stripe, or local:<id> for a product that Stripe does not know of.';

alter table public.billing_history
    add column idempotency_key varchar(255),
    add column request_hash text,
    add constraint billing_history_request_hash_check check ((idempotency_key is null) = (request_hash is null));
comment on column public.billing_history.idempotency_key is
    'The caller''s request_id: one key makes one record in an organization.';
comment on column public.billing_history.request_hash is
    'MD5 of the arguments that came with idempotency_key, so that its use with others is noticed.';

create unique index billing_history_organization_id_idempotency_key_key
    on public.billing_history (organization_id, idempotency_key)
    where idempotency_key is not null;
