-- What the subscription and billing functions return, beside rows of the tables.

create type public.entitlements as (
    organization_id uuid,
    subscription_id uuid,
    subscription_plan_id uuid,
    plan_name text,
    status text,
    features jsonb,
    max_users integer,
    members integer,
    valid_until timestamptz
);
comment on type public.entitlements is
    'What an organization may use now: features of its plan merged with those of its state and its own; seats (null for'
    ' no limit) and members; until when this holds, as far as time alone decides.';

create type public.billing_total as (
    currency text,
    paid bigint,
    refunded bigint,
    open bigint,
    records bigint
);
comment on type public.billing_total is
    'What an organization was billed in one currency, in minor units: paid (refunds not taken off), refunded, still open.';
