-- The catalog: plans and credit products that organizations buy, and credit events that cost credits.
--
-- Names are checked against the pattern of tenantry.is_uuid(), because functions are made after the tables.

create table public.subscription_plans (
    id uuid primary key default gen_random_uuid(),
    name varchar(100) not null,
    description text,
    stripe_price_id varchar(255) not null,
    stripe_product_id varchar(255) not null,
    price_amount integer not null,
    currency varchar(3) not null default 'USD',
    interval varchar(20) not null,
    interval_count integer not null default 1,
    included_credits integer not null default 0,
    max_users integer,
    features jsonb,
    is_active boolean not null default true,
    trial_period_days integer,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    archived_at_stripe boolean not null default false,
    constraint subscription_plans_name_key unique (name),
    constraint subscription_plans_stripe_price_id_key unique (stripe_price_id),
    -- One argument takes a plan's id, name or Stripe price, so a name must not look like an id or a price.
    constraint subscription_plans_name_check check (
        name ~ '[^[:space:]]'
        and name !~ '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$'
        and name !~ '^(price_|local:)'
    ),
    constraint subscription_plans_stripe_price_id_check check (
        stripe_price_id ~ '^[^[:space:]]+$' and (stripe_price_id !~ '^local:' or stripe_price_id = 'local:' || id::text)
    ),
    constraint subscription_plans_stripe_product_id_check check (
        stripe_product_id ~ '^[^[:space:]]+$'
        and (stripe_product_id !~ '^local:' or stripe_product_id = 'local:' || id::text)
    ),
    constraint subscription_plans_price_amount_check check (price_amount >= 0),
    constraint subscription_plans_currency_check check (currency ~ '^[A-Z]{3}$'),
    constraint subscription_plans_interval_check check (interval in ('daily', 'weekly', 'monthly', 'annual')),
    -- A period has at most three years, as at Stripe. No period then ends beyond the range of timestamps.
    constraint subscription_plans_interval_count_check check (
        interval_count between 1
        and case interval when 'daily' then 1095 when 'weekly' then 156 when 'monthly' then 36 else 3 end
    ),
    constraint subscription_plans_included_credits_check check (included_credits >= 0),
    constraint subscription_plans_max_users_check check (max_users > 0),
    constraint subscription_plans_features_check check (jsonb_typeof(features) = 'object'),
    constraint subscription_plans_trial_period_days_check check (trial_period_days between 0 and 730)
);
comment on table public.subscription_plans is 'Plans that an organization can subscribe to.';
comment on column public.subscription_plans.is_active is 'Organizations can subscribe only to an active plan.';
comment on column public.subscription_plans.price_amount is 'Price in cents';
comment on column public.subscription_plans.currency is 'ISO 4217 code, upper case.';
comment on column public.subscription_plans.interval is 'Unit of the billing period: daily, weekly, monthly or annual.';
comment on column public.subscription_plans.interval_count is
    'Units in a billing period: monthly and 3 make a quarter.';
comment on column public.subscription_plans.included_credits is 'Credits granted in each billing period.';
comment on column public.subscription_plans.max_users is 'Seats; null for no limit.';
comment on column public.subscription_plans.stripe_price_id is
    'The price at Stripe, or local:<id> for a plan without a price there.';
comment on column public.subscription_plans.stripe_product_id is
    'The product at Stripe, or local:<id> for a plan without a product there.';
comment on column public.subscription_plans.trial_period_days is 'Length of a trial; null or 0 for none.';
comment on column public.subscription_plans.features is
    'Features by name. credit_rollover, credit_interval, grace_days, trial_limit, trial and past_due have a meaning.';
comment on column public.subscription_plans.archived_at_stripe is
    'Whether it is inactive because its price or product at Stripe was archived or deleted.';

create table public.credit_events (
    id uuid primary key default gen_random_uuid(),
    name varchar(100) not null,
    description text,
    credit_cost integer not null,
    category varchar(50) not null,
    is_active boolean not null default true,
    metadata jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint credit_events_name_key unique (name),
    -- One argument takes an event's name or its id, so a name must not look like an id.
    constraint credit_events_name_check check (
        name ~ '[^[:space:]]'
        and name !~ '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$'
    ),
    constraint credit_events_credit_cost_check check (credit_cost > 0),
    constraint credit_events_category_check check (category ~ '^[a-z][a-z0-9_]*$'),
    constraint credit_events_metadata_check check (jsonb_typeof(metadata) = 'object')
);
comment on table public.credit_events is 'Kinds of use that cost credits.';
comment on column public.credit_events.is_active is 'Only an active event can be charged.';
comment on column public.credit_events.category is 'Group of the event, in lower case.';
comment on column public.credit_events.credit_cost is 'Credits for one unit of the event.';

create table public.credit_products (
    id uuid primary key default gen_random_uuid(),
    name varchar(100) not null,
    description text,
    stripe_price_id varchar(255) not null,
    stripe_product_id varchar(255) not null,
    credit_amount integer not null,
    price_amount integer not null,
    currency varchar(3) not null default 'USD',
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    archived_at_stripe boolean not null default false,
    constraint credit_products_name_key unique (name),
    constraint credit_products_stripe_price_id_key unique (stripe_price_id),
    constraint credit_products_name_check check (
        name ~ '[^[:space:]]'
        and name !~ '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$'
        and name !~ '^(price_|local:)'
    ),
    constraint credit_products_stripe_price_id_check check (
        stripe_price_id ~ '^[^[:space:]]+$' and (stripe_price_id !~ '^local:' or stripe_price_id = 'local:' || id::text)
    ),
    constraint credit_products_stripe_product_id_check check (
        stripe_product_id ~ '^[^[:space:]]+$'
        and (stripe_product_id !~ '^local:' or stripe_product_id = 'local:' || id::text)
    ),
    constraint credit_products_credit_amount_check check (credit_amount > 0),
    -- Free credits are granted, not sold.
    constraint credit_products_price_amount_check check (price_amount > 0),
    constraint credit_products_currency_check check (currency ~ '^[A-Z]{3}$')
);
comment on table public.credit_products is 'Packs of credits for sale.';
comment on column public.credit_products.is_active is 'Only an active product can be bought.';
comment on column public.credit_products.stripe_price_id is
    'The price at Stripe, or local:<id> for a product without a price there.';
comment on column public.credit_products.stripe_product_id is
    'The product at Stripe, or local:<id> for a product without a product there.';
comment on column public.credit_products.archived_at_stripe is
    'Whether it is inactive because its price or product at Stripe was archived or deleted.';
comment on column public.credit_products.credit_amount is 'Credits in one pack.';
comment on column public.credit_products.price_amount is 'Price in cents';
comment on column public.credit_products.currency is 'ISO 4217 code, upper case.';

create index subscription_plans_created_at_idx on public.subscription_plans (created_at, id);
create index credit_events_created_at_idx on public.credit_events (created_at, id);
create index credit_products_created_at_idx on public.credit_products (created_at, id);

-- Functions that treat plans and products alike read this view. Its columns are the union of both tables' columns.
create view tenantry.catalog_items with (security_invoker = true) as
select
    p.id, 'subscription_plan'::text as kind, p.name, p.description, p.stripe_price_id, p.stripe_product_id,
    p.price_amount, p.currency, p.interval, p.interval_count, p.is_active, p.archived_at_stripe, p.created_at
from public.subscription_plans as p
union all
select
    p.id, 'credit_product', p.name, p.description, p.stripe_price_id, p.stripe_product_id,
    p.price_amount, p.currency, null, null, p.is_active, p.archived_at_stripe, p.created_at
from public.credit_products as p;
comment on view tenantry.catalog_items is 'Everything that is sold: plans and credit products.';
comment on column tenantry.catalog_items.kind is 'subscription_plan or credit_product.';
comment on column tenantry.catalog_items.interval is 'Unit of a plan''s billing period; null for a credit product.';
comment on column tenantry.catalog_items.interval_count is
    'Units in a plan''s billing period; null for a credit product.';

alter table public.subscription_plans enable row level security;
alter table public.credit_events enable row level security;
alter table public.credit_products enable row level security;
