-- Stripe: customers, events, mirrored objects, purchases, automatic top-ups, and requests to Stripe.
--
-- stripe_events keeps each event once, as Stripe sent it. stripe_objects mirrors the newest state of each object in an
-- event, by the object's own time. The mirror therefore does not depend on the order in which events arrive.
-- Subscriptions, credits and billing history are derived from the mirror.

create table tenantry.locks (
    name text primary key
);
comment on table tenantry.locks is
    'Rows to lock, each for something that one transaction at a time does. Private, so that no caller can hold a lock.';
comment on column tenantry.locks.name is
    'The thing that is locked: stripe for all news from Stripe, stripe and the id of a customer for news about the'
    ' customer, stripe price for the prices of the catalog.';
insert into tenantry.locks (name) values ('stripe'), ('stripe price');
alter table tenantry.locks enable row level security;

create table tenantry.stripe_customers (
    stripe_customer_id varchar(255) primary key,
    organization_id uuid not null,
    created_at timestamptz not null default now(),
    constraint stripe_customers_organization_id_fkey
        foreign key (organization_id) references public.organizations (id) on delete cascade
);
comment on table tenantry.stripe_customers is
    'The organizations of customers at Stripe. An organization can have several customers.';
comment on column tenantry.stripe_customers.stripe_customer_id is 'Id of the customer at Stripe.';
create index stripe_customers_organization_id_idx on tenantry.stripe_customers (organization_id, created_at);

create table tenantry.stripe_events (
    id varchar(255) primary key,
    type varchar(255) not null,
    api_version varchar(50),
    created timestamptz not null,
    livemode boolean not null,
    payload jsonb not null,
    object_id varchar(255),
    state varchar(20) not null default 'pending',
    organization_id uuid,
    error_code varchar(5),
    error_message text,
    attempts integer not null default 0,
    received_at timestamptz not null default clock_timestamp(),
    processed_at timestamptz,
    constraint stripe_events_organization_id_fkey
        foreign key (organization_id) references public.organizations (id) on delete set null,
    constraint stripe_events_state_check check (state in ('pending', 'processed', 'ignored', 'unmatched', 'failed'))
);
comment on table tenantry.stripe_events is 'Events from Stripe, once each, as Stripe sent them.';
comment on column tenantry.stripe_events.id is 'Id of the event at Stripe.';
comment on column tenantry.stripe_events.type is 'Type of the event at Stripe, such as invoice.paid.';
comment on column tenantry.stripe_events.api_version is 'Stripe''s API version of the payload.';
comment on column tenantry.stripe_events.created is 'When Stripe made the event.';
comment on column tenantry.stripe_events.livemode is 'Whether the event is of Stripe''s live mode, not of a test.';
comment on column tenantry.stripe_events.payload is 'The event as Stripe sent it.';
comment on column tenantry.stripe_events.object_id is 'Id of the object in the event.';
comment on column tenantry.stripe_events.error_code is 'SQLSTATE of the last failure.';
comment on column tenantry.stripe_events.error_message is 'Message of the last failure.';
comment on column tenantry.stripe_events.attempts is 'Number of times that the event was processed.';
comment on column tenantry.stripe_events.received_at is 'When the event first arrived.';
comment on column tenantry.stripe_events.processed_at is 'When it was processed; null until then.';
comment on column tenantry.stripe_events.state is
    'pending (not processed, or waits for the rest of an invoice''s lines); processed; ignored (a type without a'
    ' meaning here); unmatched (a customer or price that is not known'
    ' here; processed again once it is); failed (error_code and error_message say why; to be retried).';
-- The predicate lists the states of tenantry.is_stuck_event(), which is created after the migrations.
create index stripe_events_stuck_idx on tenantry.stripe_events (received_at, id)
    where state in ('pending', 'unmatched', 'failed');
create index stripe_events_object_id_idx on tenantry.stripe_events (object_id) where state in ('pending', 'unmatched');
-- The events of an object in one second, and the one before.
create index stripe_events_created_idx on tenantry.stripe_events (object_id, created, id);
create index stripe_events_received_at_idx on tenantry.stripe_events (received_at, id);
create index stripe_events_organization_id_idx on tenantry.stripe_events (organization_id)
    where organization_id is not null;

create table tenantry.stripe_objects (
    id varchar(255) primary key,
    object varchar(50) not null,
    version timestamptz not null,
    progress bigint not null,
    event_id varchar(255) not null,
    data jsonb not null,
    customer varchar(255),
    subscription varchar(255),
    invoice varchar(255),
    payment_intent varchar(255),
    charge varchar(255)
);
comment on table tenantry.stripe_objects is
    'The newest state of each object at Stripe that an event contained. The version decides, and within a second'
    ' tenantry.last_stripe_state().';
comment on column tenantry.stripe_objects.id is 'Id of the object at Stripe.';
comment on column tenantry.stripe_objects.object is 'Type of the object at Stripe, such as invoice.';
comment on column tenantry.stripe_objects.event_id is 'The event that carried this state.';
comment on column tenantry.stripe_objects.data is 'The object as Stripe sent it.';
comment on column tenantry.stripe_objects.subscription is 'As customer.';
comment on column tenantry.stripe_objects.invoice is 'As customer.';
comment on column tenantry.stripe_objects.payment_intent is 'As customer.';
comment on column tenantry.stripe_objects.charge is 'As customer.';
comment on column tenantry.stripe_objects.version is 'When Stripe made the event that carried this state.';
comment on column tenantry.stripe_objects.progress is
    'Progress of the object through its life; decides between events of the same second that tell of no change.';
comment on column tenantry.stripe_objects.customer is
    'Id of the object to which data refers, in any version of the API.';
create index stripe_objects_customer_idx on tenantry.stripe_objects (customer, object) where customer is not null;
create index stripe_objects_subscription_idx on tenantry.stripe_objects (subscription, object)
    where subscription is not null;
-- Paid invoices whose lines are not all known: see tenantry.has_unread_lines(), which is created after the migrations.
create index stripe_objects_unread_idx on tenantry.stripe_objects (subscription)
    where object = 'invoice' and data ->> 'status' = 'paid' and data #> '{lines,has_more}' = 'true';
-- The invoices that a subscription still owes.
create index stripe_objects_open_idx on tenantry.stripe_objects (subscription)
    where object = 'invoice' and data ->> 'status' = 'open';
create index stripe_objects_invoice_idx on tenantry.stripe_objects (invoice, object) where invoice is not null;
create index stripe_objects_payment_intent_idx on tenantry.stripe_objects (payment_intent, object)
    where payment_intent is not null;
create index stripe_objects_charge_idx on tenantry.stripe_objects (charge, object) where charge is not null;

create table tenantry.stripe_plan_lines (
    invoice varchar(255) not null,
    line_number integer not null,
    subscription varchar(255) not null,
    price varchar(255),
    subscription_plan_id uuid not null,
    included_credits integer not null,
    quantity integer not null,
    period_start timestamptz not null,
    period_end timestamptz not null,
    is_proration boolean not null,
    is_refund boolean not null,
    is_paid boolean not null,
    kept_share numeric not null,
    is_due boolean not null,
    paid_at timestamptz,
    primary key (invoice, line_number),
    constraint stripe_plan_lines_subscription_plan_id_fkey
        foreign key (subscription_plan_id) references public.subscription_plans (id),
    constraint stripe_plan_lines_quantity_check check (quantity >= 0),
    constraint stripe_plan_lines_kept_share_check check (kept_share between 0 and 1),
    constraint stripe_plan_lines_period_end_check check (period_end > period_start)
);
comment on table tenantry.stripe_plan_lines is
    'Lines of invoices that are for a plan here. Credits of periods are derived from them. A paid line keeps the plan'
    ' and its credits as they were when the payment was first seen.';
comment on column tenantry.stripe_plan_lines.invoice is 'Id of the invoice at Stripe.';
comment on column tenantry.stripe_plan_lines.line_number is 'Position of the line in the invoice, from 1.';
comment on column tenantry.stripe_plan_lines.subscription is 'Id of the subscription at Stripe.';
comment on column tenantry.stripe_plan_lines.price is 'Id of the price at Stripe.';
comment on column tenantry.stripe_plan_lines.included_credits is 'Credits of the plan for one credit period.';
comment on column tenantry.stripe_plan_lines.quantity is 'How many times the line has the plan.';
comment on column tenantry.stripe_plan_lines.period_start is 'Start of the time that the line is for.';
comment on column tenantry.stripe_plan_lines.period_end is 'End of the time that the line is for.';
comment on column tenantry.stripe_plan_lines.is_proration is
    'Whether Stripe made the line for a change within a period.';
comment on column tenantry.stripe_plan_lines.is_refund is
    'Whether the amount is below 0: money goes back for time that is not used.';
comment on column tenantry.stripe_plan_lines.is_paid is 'Whether the invoice is paid.';
comment on column tenantry.stripe_plan_lines.kept_share is
    'The share of its money, from 0 to 1, that was paid and did not go back.';
comment on column tenantry.stripe_plan_lines.is_due is
    'Whether it is not paid and Stripe still collects the payment.';
comment on column tenantry.stripe_plan_lines.paid_at is 'Time at which the invoice was paid; null for an unpaid one.';
create index stripe_plan_lines_subscription_idx on tenantry.stripe_plan_lines (subscription, period_end);
create index stripe_plan_lines_price_idx on tenantry.stripe_plan_lines (price, period_end);
create index stripe_plan_lines_subscription_plan_id_idx on tenantry.stripe_plan_lines (subscription_plan_id);
alter table tenantry.stripe_plan_lines enable row level security;

create table tenantry.credit_purchases (
    organization_id uuid not null,
    id uuid not null,
    credit_product_id uuid,
    credits integer not null,
    items jsonb not null,
    stripe_ids text[] not null,
    merged_into uuid,
    created_at timestamptz not null,
    primary key (organization_id, id),
    constraint credit_purchases_organization_id_fkey
        foreign key (organization_id) references public.organizations (id),
    constraint credit_purchases_credit_product_id_fkey
        foreign key (credit_product_id) references public.credit_products (id),
    constraint credit_purchases_credits_check check (credits > 0)
);
comment on table tenantry.credit_purchases is 'Purchases of credits that were paid at Stripe, one for each payment.';
comment on column tenantry.credit_purchases.credits is 'Credits bought.';
comment on column tenantry.credit_purchases.credit_product_id is
    'The product that was bought; null for several products.';
comment on column tenantry.credit_purchases.items is
    'Quantities by the id of the credit product. As long as they stay the same, the credits do too, even if the'
    ' product changes.';
comment on column tenantry.credit_purchases.stripe_ids is
    'All ids of the payment: checkout session, payment intent, invoice, and the id that it was given here.';
comment on column tenantry.credit_purchases.merged_into is
    'The purchase for the same payment; this purchase grants no credits of its own then.';
create index credit_purchases_stripe_ids_idx on tenantry.credit_purchases using gin (stripe_ids);
create index credit_purchases_credit_product_id_idx on tenantry.credit_purchases (credit_product_id);

create table tenantry.auto_top_ups (
    organization_id uuid primary key,
    credit_product_id uuid not null,
    monthly_cap integer not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint auto_top_ups_organization_id_fkey
        foreign key (organization_id) references public.organizations (id) on delete cascade,
    constraint auto_top_ups_credit_product_id_fkey
        foreign key (credit_product_id) references public.credit_products (id),
    constraint auto_top_ups_monthly_cap_check check (monthly_cap > 0)
);
comment on table tenantry.auto_top_ups is 'Automatic top-ups: organizations that buy credits when they run low.';
comment on column tenantry.auto_top_ups.monthly_cap is
    'The most payments, and the most failed attempts, in a calendar month (UTC).';
create index auto_top_ups_credit_product_id_idx on tenantry.auto_top_ups (credit_product_id);

create table tenantry.stripe_requests (
    id uuid primary key,
    organization_id uuid,
    operation varchar(50) not null,
    subject_id uuid,
    method varchar(10) not null,
    path text not null,
    params jsonb not null,
    state varchar(20) not null default 'pending',
    attempts integer not null default 0,
    next_attempt_at timestamptz not null,
    stripe_id varchar(255),
    url text,
    error_type varchar(100),
    error_code varchar(100),
    error_message text,
    created_at timestamptz not null,
    finished_at timestamptz,
    constraint stripe_requests_organization_id_fkey
        foreign key (organization_id) references public.organizations (id) on delete cascade,
    constraint stripe_requests_method_check check (method in ('get', 'post', 'delete')),
    constraint stripe_requests_state_check check (state in ('pending', 'succeeded', 'failed')),
    constraint stripe_requests_finished_at_check check ((state = 'pending') = (finished_at is null))
);
comment on table tenantry.stripe_requests is
    'Requests to Stripe. The database composes a request; the server only sends it, with the id as the idempotency'
    ' key, and returns the answer.';
comment on column tenantry.stripe_requests.method is 'HTTP method: get, post or delete.';
comment on column tenantry.stripe_requests.path is 'Path in Stripe''s API.';
comment on column tenantry.stripe_requests.state is 'pending, succeeded or failed.';
comment on column tenantry.stripe_requests.attempts is 'Number of times that it was sent.';
comment on column tenantry.stripe_requests.error_code is 'Stripe''s code of the error.';
comment on column tenantry.stripe_requests.error_message is 'Message of the error.';
comment on column tenantry.stripe_requests.finished_at is 'When it succeeded or failed; null while it is pending.';
comment on column tenantry.stripe_requests.operation is
    'ensure_customer, create_checkout_session, create_portal_session, cancel_subscription, resume_subscription,'
    ' change_plan, sync_product, sync_price, pull_catalog, auto_top_up, read_invoice_lines.';
comment on column tenantry.stripe_requests.subject_id is 'The subscription, plan or product of the request.';
comment on column tenantry.stripe_requests.params is
    'Parameters by Stripe''s names. A request with a null customer waits for the organization''s ensure_customer.';
comment on column tenantry.stripe_requests.next_attempt_at is
    'Time of the next attempt, unless an answer comes before.';
comment on column tenantry.stripe_requests.error_type is
    'Stripe''s type of the error (card_error and so on), or not_configured, unavailable, expired, not_applied (Stripe'
    ' carried the request out, and its application here failed), payment_incomplete (Stripe makes the change when the'
    ' invoice is paid). Of the last attempt, on a pending request.';
comment on column tenantry.stripe_requests.stripe_id is 'Id of the object in Stripe''s answer.';
comment on column tenantry.stripe_requests.url is
    'Address of the page of a checkout or portal session, or of the invoice for which a change waits.';
create index stripe_requests_pending_idx on tenantry.stripe_requests (next_attempt_at, id) where state = 'pending';
create index stripe_requests_organization_id_idx on tenantry.stripe_requests (organization_id, operation, created_at);
-- Two pending requests with the same arguments are one request.
create unique index stripe_requests_pending_key on tenantry.stripe_requests
    (operation, organization_id, subject_id, method, path, md5(params::text)) nulls not distinct
    where state = 'pending';
-- The top-up of a payment.
-- A purchase of the automatic top-up counts in the cap of its month, so its request is never outdated.
create index stripe_requests_finished_at_idx on tenantry.stripe_requests (finished_at)
    where state <> 'pending' and operation <> 'auto_top_up';
create index stripe_requests_top_up_idx on tenantry.stripe_requests (stripe_id) where operation = 'auto_top_up';
-- An organization has one pending top-up at most.
create unique index stripe_requests_auto_top_up_key on tenantry.stripe_requests (organization_id)
    where operation = 'auto_top_up' and state = 'pending';

create type public.stripe_request as (
    id uuid,
    organization_id uuid,
    operation text,
    subject_id uuid,
    state text,
    attempts integer,
    stripe_id text,
    url text,
    error_type text,
    error_code text,
    error_message text,
    created_at timestamptz,
    finished_at timestamptz
);
comment on type public.stripe_request is 'A request to Stripe: pending, succeeded or failed, with its outcome.';

create type public.auto_top_up as (
    organization_id uuid,
    credit_product_id uuid,
    threshold integer,
    monthly_cap integer,
    payments_this_month integer,
    created_at timestamptz,
    updated_at timestamptz
);
comment on type public.auto_top_up is
    'The automatic top-up of an organization: threshold, product, cap, and payments in this calendar month (UTC).';

create type public.stripe_event as (
    id text,
    type text,
    created timestamptz,
    state text,
    organization_id uuid,
    error_code text,
    error_message text,
    attempts integer,
    received_at timestamptz,
    processed_at timestamptz
);
comment on type public.stripe_event is 'An event from Stripe with its outcome.';

alter table tenantry.stripe_customers enable row level security;
alter table tenantry.stripe_events enable row level security;
alter table tenantry.stripe_objects enable row level security;
alter table tenantry.credit_purchases enable row level security;
alter table tenantry.auto_top_ups enable row level security;
alter table tenantry.stripe_requests enable row level security;
