-- Types that the subscription and billing functions return, beside rows of the tables.

create type public.entitlements as (
    organization_id uuid,
    subscription_id uuid,
    subscription_plan_id uuid,
    plan_name text,
    status text,
    features jsonb,
    max_users integer,
    members integer,
    valid_until timestamptz,
    members_over integer
);
comment on type public.entitlements is
    'The features and seats that an organization can use now. features: those of its plan, its status and the'
    ' subscription, merged. max_users: seats, null for no limit. members_over: members beyond the seats.'
    ' valid_until: the time until which this holds, as far as time alone decides.';

create type public.billing_total as (
    currency text,
    paid bigint,
    refunded bigint,
    open bigint,
    records bigint
);
comment on type public.billing_total is
    'The totals that an organization was billed in one currency, in minor units: paid (before refunds), refunded, open'
    ' (pending or failed).';
