-- Subscriptions and billing records.

create table public.organization_subscriptions (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null,
    subscription_plan_id uuid,
    stripe_subscription_id varchar(255),
    stripe_customer_id varchar(255) not null,
    status varchar(50) not null,
    current_period_start timestamptz,
    current_period_end timestamptz,
    trial_start timestamptz,
    trial_end timestamptz,
    cancel_at_period_end boolean not null default false,
    cancelled_at timestamptz,
    metadata jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    pending_plan_id uuid,
    billing_anchor timestamptz,
    past_due_at timestamptz,
    ended_at timestamptz,
    pause_collection varchar(50),
    quantity integer not null default 1,
    add_ons jsonb,
    constraint organization_subscriptions_stripe_subscription_id_key unique (stripe_subscription_id),
    constraint organization_subscriptions_organization_id_fkey
        foreign key (organization_id) references public.organizations (id),
    constraint organization_subscriptions_subscription_plan_id_fkey
        foreign key (subscription_plan_id) references public.subscription_plans (id),
    constraint organization_subscriptions_pending_plan_id_fkey
        foreign key (pending_plan_id) references public.subscription_plans (id),
    constraint organization_subscriptions_status_check
        check (status in ('trial', 'active', 'past_due', 'cancelled', 'expired')),
    constraint organization_subscriptions_current_period_end_check
        check (current_period_end > current_period_start),
    constraint organization_subscriptions_trial_end_check check (trial_end > trial_start),
    constraint organization_subscriptions_past_due_at_check check (status <> 'past_due' or past_due_at is not null),
    -- A subscription is live while ended_at is null. Only this constraint says which statuses are live.
    constraint organization_subscriptions_ended_at_check
        check ((status in ('cancelled', 'expired')) = (ended_at is not null)),
    constraint organization_subscriptions_metadata_check check (jsonb_typeof(metadata) = 'object'),
    constraint organization_subscriptions_quantity_check check (quantity > 0),
    constraint organization_subscriptions_add_ons_check check (jsonb_typeof(add_ons) = 'array')
);
comment on table public.organization_subscriptions is 'The subscriptions of organizations to plans, present and past.';
comment on column public.organization_subscriptions.stripe_subscription_id is
    'Id of the subscription at Stripe; null for a subscription that is not at Stripe.';
comment on column public.organization_subscriptions.current_period_start is 'Start of the current billing period.';
comment on column public.organization_subscriptions.current_period_end is 'End of the current billing period.';
comment on column public.organization_subscriptions.trial_start is 'Start of the trial; null without one.';
comment on column public.organization_subscriptions.trial_end is 'End of the trial; null without one.';
comment on column public.organization_subscriptions.cancelled_at is
    'When it was cancelled, even if it ends later; null until then.';
comment on column public.organization_subscriptions.status is 'trial, active, past_due, cancelled or expired.';
comment on column public.organization_subscriptions.pending_plan_id is
    'The plan from the next renewal on; null without a change.';
comment on column public.organization_subscriptions.billing_anchor is
    'The time from which periods are counted: a period that began on the 31st ends on the 31st in every month that has'
    ' one.';
comment on column public.organization_subscriptions.past_due_at is
    'Time since which a payment is missing; grace counts from it.';
comment on column public.organization_subscriptions.ended_at is
    'When it became cancelled or expired; null while it is live: trial, active or past_due.';
comment on column public.organization_subscriptions.pause_collection is
    'While Stripe collects no payments: the treatment of the invoices (void, keep_as_draft or mark_uncollectible). Null'
    ' otherwise.';
comment on column public.organization_subscriptions.quantity is
    'How many times the subscription has the plan: its credits and seats count as often.';
comment on column public.organization_subscriptions.add_ons is
    'Further plans of the subscription at Stripe: an array of objects with subscription_plan_id and quantity; null'
    ' without any. Their credits, seats and features add to those of the plan.';
comment on column public.organization_subscriptions.cancel_at_period_end is
    'Whether it ends with the period (or the trial) instead of renewing.';
comment on column public.organization_subscriptions.stripe_customer_id is
    'The customer at Stripe, or local:<organization id> for a subscription that is not at Stripe.';

create index organization_subscriptions_organization_id_idx
    on public.organization_subscriptions (organization_id, created_at);
create index organization_subscriptions_subscription_plan_id_idx
    on public.organization_subscriptions (subscription_plan_id);
create index organization_subscriptions_current_period_end_idx
    on public.organization_subscriptions (current_period_end)
    where ended_at is null;

-- One live subscription for each organization.
create unique index organization_subscriptions_live_key
    on public.organization_subscriptions (organization_id)
    where ended_at is null;
create index organization_subscriptions_pending_plan_id_idx
    on public.organization_subscriptions (pending_plan_id)
    where pending_plan_id is not null;
create index organization_subscriptions_stripe_customer_id_idx
    on public.organization_subscriptions (stripe_customer_id);
create index organization_subscriptions_created_at_idx on public.organization_subscriptions (created_at, id);

create table public.billing_history (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null,
    stripe_invoice_id varchar(255),
    stripe_payment_intent_id varchar(255),
    amount integer not null,
    currency varchar(3) not null default 'USD',
    status varchar(50) not null,
    description text,
    invoice_url text,
    receipt_url text,
    billing_reason varchar(50),
    metadata jsonb,
    paid_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    amount_refunded integer not null default 0,
    idempotency_key varchar(255),
    constraint billing_history_stripe_invoice_id_key unique (stripe_invoice_id),
    constraint billing_history_organization_id_fkey
        foreign key (organization_id) references public.organizations (id),
    constraint billing_history_amount_check check (amount >= 0),
    constraint billing_history_amount_refunded_check check (amount_refunded between 0 and amount),
    constraint billing_history_currency_check check (currency ~ '^[A-Z]{3}$'),
    constraint billing_history_status_check
        check (status in ('pending', 'paid', 'failed', 'refunded', 'void', 'uncollectible')),
    constraint billing_history_metadata_check check (jsonb_typeof(metadata) = 'object')
);
comment on table public.billing_history is 'The bills of organizations, and the status of their payment.';
comment on column public.billing_history.stripe_invoice_id is 'Id of the invoice at Stripe; null without one.';
comment on column public.billing_history.stripe_payment_intent_id is 'Id of the payment at Stripe; null without one.';
comment on column public.billing_history.invoice_url is 'Address of the page that shows the invoice.';
comment on column public.billing_history.receipt_url is 'Address of the page that shows the receipt.';
comment on column public.billing_history.billing_reason is
    'Stripe''s reason, such as subscription_cycle; or credit_purchase, auto_top_up or manual.';
comment on column public.billing_history.paid_at is 'When it was paid; null until then.';
comment on column public.billing_history.amount is 'Amount in cents';
comment on column public.billing_history.amount_refunded is
    'Amount given back, in cents; a payment that was lost in a dispute counts.';
comment on column public.billing_history.idempotency_key is 'The request_id of the call that made the record.';
comment on column public.billing_history.currency is 'ISO 4217 code, upper case.';
comment on column public.billing_history.status is 'pending, paid, failed, refunded, void or uncollectible.';

create index billing_history_organization_id_idx on public.billing_history (organization_id, created_at, id);
create index billing_history_organization_id_status_idx
    on public.billing_history (organization_id, status, created_at, id);
create unique index billing_history_payment_without_invoice_key
    on public.billing_history (stripe_payment_intent_id)
    where stripe_invoice_id is null and stripe_payment_intent_id is not null;
create index billing_history_stripe_payment_intent_id_idx
    on public.billing_history (stripe_payment_intent_id)
    where stripe_payment_intent_id is not null;

create table tenantry.billing_transitions (
    from_status varchar(50) not null,
    to_status varchar(50) not null,
    stripe_only boolean not null,
    meaning text not null,
    primary key (from_status, to_status)
);
comment on table tenantry.billing_transitions is
    'The state machine of billing records: the allowed changes of status. sql/seeds/billing_transitions.sql holds the'
    ' rows. A trigger checks every write against them.';
comment on column tenantry.billing_transitions.from_status is 'new for a record that is inserted.';
comment on column tenantry.billing_transitions.to_status is 'The status after the change.';
comment on column tenantry.billing_transitions.meaning is 'Description of the change.';
comment on column tenantry.billing_transitions.stripe_only is
    'Whether only a record that follows Stripe may make the change. There it has happened already, so it is followed.';

alter table public.organization_subscriptions enable row level security;
alter table public.billing_history enable row level security;
alter table tenantry.billing_transitions enable row level security;
