-- The credit ledger.
--
-- credit_transactions is the journal: append-only, numbered without gap in each organization. The account is
-- the organization's own row. Lots say which credits there are: each grant or purchase opens one. Allocations say
-- which entry took how much from which lot. A pending grant waits for the time at which it opens a lot.
--
-- A consumption writes its entry and the account, nothing else. The lots that it spent follow from the order of the
-- entries: tenantry.settle_account() works them out later.

create table public.credit_transactions (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null,
    transaction_type varchar(50) not null,
    amount integer not null,
    balance_after integer not null,
    source varchar(50) not null,
    source_id uuid,
    credit_event_id uuid,
    expires_at timestamptz,
    stripe_payment_intent_id varchar(255),
    description text,
    metadata jsonb,
    created_at timestamptz not null default now(),
    entry_number bigint not null,
    quantity integer,
    idempotency_key varchar(255),
    constraint credit_transactions_organization_id_entry_number_key unique (organization_id, entry_number),
    constraint credit_transactions_organization_id_fkey
        foreign key (organization_id) references public.organizations (id),
    constraint credit_transactions_credit_event_id_fkey
        foreign key (credit_event_id) references public.credit_events (id),
    constraint credit_transactions_amount_check check (
        case
            when transaction_type in ('earned', 'purchased', 'refunded') then amount > 0
            when transaction_type in ('consumed', 'expired') then amount < 0
            when transaction_type = 'revoked' then amount <> 0
            else false
        end
    ),
    constraint credit_transactions_balance_after_check check (balance_after >= 0),
    constraint credit_transactions_source_check check (source ~ '^[a-z][a-z0-9_]*$'),
    constraint credit_transactions_entry_number_check check (entry_number > 0),
    constraint credit_transactions_quantity_check check (quantity > 0),
    constraint credit_transactions_metadata_check check (jsonb_typeof(metadata) = 'object')
);
-- While most ledgers are still short, statistics would say that an organization has one entry. The planner would then
-- look for a request_id by the index on entry numbers, and every consumption would read its whole ledger.
alter table public.credit_transactions alter column organization_id set (n_distinct = -0.01);
comment on table public.credit_transactions is 'The ledger: every change of an organization''s credits, append-only.';
comment on column public.credit_transactions.stripe_payment_intent_id is
    'Id of the payment at Stripe; null without one.';
comment on column public.credit_transactions.transaction_type is
    'earned, purchased, refunded (amount > 0); consumed, expired (amount < 0); revoked (amount < 0, or > 0 for credits'
    ' that a capture claimed back).';
comment on column public.credit_transactions.amount is 'Credits added, or taken if negative.';
comment on column public.credit_transactions.balance_after is
    'The organization''s balance after this entry, in credits.';
comment on column public.credit_transactions.source is
    'The cause of the entry: subscription, provisional (credits of a renewal that is not paid yet), late (paid after'
    ' their period), purchase, event_consumption, expiry, grant, refund, hold or a name of your own.';
comment on column public.credit_transactions.source_id is
    'The subscription, purchase, event, hold or entry that source refers to.';
comment on column public.credit_transactions.expires_at is 'When the added credits expire; null for never.';
comment on column public.credit_transactions.entry_number is
    'Position in the organization''s ledger: 1, 2, 3 … without gap.';
comment on column public.credit_transactions.quantity is 'Units of the credit event that were charged.';
comment on column public.credit_transactions.idempotency_key is
    'The request_id of the call that made the entry. One request_id makes one consumption in an organization.';

-- The request_ids of consumptions. tenantry.requests holds those of all other operations.
create unique index credit_transactions_organization_id_idempotency_key_key
    on public.credit_transactions (organization_id, idempotency_key)
    where transaction_type = 'consumed' and idempotency_key is not null;
-- Consumptions are nearly all of the ledger and are found by number or time. Other entries are found by type.
create index credit_transactions_organization_id_transaction_type_idx
    on public.credit_transactions (organization_id, transaction_type, entry_number)
    where transaction_type <> 'consumed';
-- Most consumptions have one of these two sources. Entries of the others are few, and a page of them must not read the
-- whole ledger.
create index credit_transactions_organization_id_source_idx
    on public.credit_transactions (organization_id, source, entry_number)
    where source not in ('consumption', 'event_consumption');
-- Only added credits expire. The last column is compared in the index, without a look at the entry.
create index credit_transactions_organization_id_expires_at_idx
    on public.credit_transactions (organization_id, entry_number, expires_at)
    where expires_at is not null;
create index credit_transactions_organization_id_source_id_idx
    on public.credit_transactions (organization_id, source_id)
    where source_id is not null;
create index credit_transactions_credit_event_id_idx
    on public.credit_transactions (credit_event_id)
    where credit_event_id is not null;

create table tenantry.credit_lots (
    organization_id uuid not null,
    id uuid not null,
    transaction_type varchar(50) not null,
    source varchar(50) not null,
    source_id uuid,
    amount integer not null,
    remaining integer not null,
    priority smallint not null default 0,
    effective_at timestamptz not null,
    expires_at timestamptz not null default 'infinity',
    entry_number bigint not null,
    expired_at timestamptz,
    primary key (organization_id, id),
    constraint credit_lots_organization_id_fkey
        foreign key (organization_id) references public.organizations (id),
    constraint credit_lots_transaction_type_check check (transaction_type in ('earned', 'purchased')),
    constraint credit_lots_amount_check check (amount > 0),
    constraint credit_lots_remaining_check check (remaining between 0 and amount),
    constraint credit_lots_expires_at_check check (expires_at > effective_at)
);
comment on table tenantry.credit_lots is 'Credits by their origin: a grant, a purchase or a refund opens a lot.';
comment on column tenantry.credit_lots.source is 'As in credit_transactions.';
comment on column tenantry.credit_lots.source_id is 'As in credit_transactions.';
comment on column tenantry.credit_lots.amount is 'Credits that the lot opened with.';
comment on column tenantry.credit_lots.effective_at is 'When the credits came.';
comment on column tenantry.credit_lots.expires_at is 'When unspent credits expire; infinity for never.';
comment on column tenantry.credit_lots.id is
    'Id of the ledger entry that opened the lot. A lot that a refund opened has an id of its own.';
comment on column tenantry.credit_lots.transaction_type is 'earned or purchased: whether the credits were paid for.';
comment on column tenantry.credit_lots.remaining is
    'Credits not spent, as of the organization''s credits_settled_entry.';
comment on column tenantry.credit_lots.priority is 'Among lots that expire together, the lower is spent first.';
comment on column tenantry.credit_lots.entry_number is 'Number of the opening entry.';
comment on column tenantry.credit_lots.expired_at is
    'The expiry, once settlement has seen it. Credits that remain then are under holds made before it.';

-- The order of spending.
create index credit_lots_spend_idx
    on tenantry.credit_lots (organization_id, expires_at, priority, entry_number)
    where remaining > 0;

create table tenantry.pending_grants (
    organization_id uuid not null,
    id uuid not null,
    transaction_type varchar(50) not null,
    source varchar(50) not null,
    source_id uuid,
    amount integer not null,
    priority smallint not null default 0,
    effective_at timestamptz not null,
    expires_at timestamptz not null default 'infinity',
    stripe_payment_intent_id varchar(255),
    description text,
    metadata jsonb,
    cancelled_at timestamptz,
    primary key (organization_id, id),
    constraint pending_grants_organization_id_fkey
        foreign key (organization_id) references public.organizations (id),
    constraint pending_grants_transaction_type_check check (transaction_type in ('earned', 'purchased')),
    constraint pending_grants_amount_check check (amount > 0),
    constraint pending_grants_expires_at_check check (expires_at > effective_at),
    constraint pending_grants_metadata_check check (jsonb_typeof(metadata) = 'object')
);
comment on table tenantry.pending_grants is
    'Credits that are granted for later. When effective_at is reached, the row becomes a ledger entry and a lot.';
comment on column tenantry.pending_grants.id is 'Id of the entry and of the lot that the grant becomes.';
comment on column tenantry.pending_grants.transaction_type is 'earned or purchased: whether the credits are paid for.';
comment on column tenantry.pending_grants.source is 'As in credit_transactions.';
comment on column tenantry.pending_grants.source_id is 'As in credit_transactions.';
comment on column tenantry.pending_grants.amount is
    'Credits to come. A revocation of a part lowers it. The revocation that cancels the grant leaves it.';
comment on column tenantry.pending_grants.priority is 'As in credit_lots.';
comment on column tenantry.pending_grants.effective_at is 'When the credits come.';
comment on column tenantry.pending_grants.expires_at is 'When unspent credits expire; infinity for never.';
comment on column tenantry.pending_grants.stripe_payment_intent_id is 'Id of the payment at Stripe; null without one.';
comment on column tenantry.pending_grants.cancelled_at is
    'When a revocation took the last of the credits: none will come. Null before.';
create index pending_grants_due_idx
    on tenantry.pending_grants (organization_id, effective_at)
    where cancelled_at is null;

create table tenantry.credit_allocations (
    organization_id uuid not null,
    lot_id uuid not null,
    from_entry bigint not null,
    to_entry bigint not null,
    balance_from integer not null,
    balance_to integer not null,
    is_return boolean not null default false,
    primary key (organization_id, to_entry, lot_id, balance_to),
    constraint credit_allocations_lot_fkey
        foreign key (organization_id, lot_id) references tenantry.credit_lots (organization_id, id),
    constraint credit_allocations_entry_check check (from_entry <= to_entry),
    constraint credit_allocations_balance_check check (balance_from < balance_to)
);
comment on table tenantry.credit_allocations is
    'Spans: the entries from_entry..to_entry moved the balance between balance_to and balance_from through this lot.'
    ' The part of one entry is the overlap of the entry''s own step of the balance with the span.';
comment on column tenantry.credit_allocations.from_entry is 'Number of the span''s first entry.';
comment on column tenantry.credit_allocations.to_entry is 'Number of the span''s last entry.';
comment on column tenantry.credit_allocations.balance_from is
    'Lower end of the span''s step of the balance, in credits.';
comment on column tenantry.credit_allocations.balance_to is 'Upper end of the span''s step of the balance, in credits.';
comment on column tenantry.credit_allocations.is_return is 'Whether the credits went back to the lot (a refund).';
create index credit_allocations_lot_idx on tenantry.credit_allocations (organization_id, lot_id, to_entry);

create table tenantry.credit_holds (
    organization_id uuid not null,
    id uuid not null,
    amount integer not null,
    remaining integer not null,
    captured integer not null default 0,
    credit_event_id uuid,
    quantity integer,
    description text,
    metadata jsonb,
    idempotency_key varchar(255),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    state varchar(20) not null default 'active',
    primary key (organization_id, id),
    constraint credit_holds_organization_id_fkey
        foreign key (organization_id) references public.organizations (id),
    constraint credit_holds_credit_event_id_fkey
        foreign key (credit_event_id) references public.credit_events (id),
    constraint credit_holds_amount_check check (amount > 0),
    constraint credit_holds_remaining_check check (remaining between 0 and amount),
    constraint credit_holds_captured_check check (captured >= 0),
    constraint credit_holds_state_check check (state in ('active', 'captured', 'released', 'lapsed')),
    constraint credit_holds_ended_at_check check ((state = 'active') = (ended_at is null)),
    constraint credit_holds_metadata_check check (jsonb_typeof(metadata) = 'object')
);
comment on table tenantry.credit_holds is
    'Credits set aside for work under way. A hold ends captured, released or lapsed.';
comment on column tenantry.credit_holds.amount is
    'Credits held at first; never changes, because past balances are computed from it.';
comment on column tenantry.credit_holds.quantity is 'Units of the credit event; null without one.';
comment on column tenantry.credit_holds.idempotency_key is 'The request_id of the call that made the hold.';
comment on column tenantry.credit_holds.ended_at is 'When the hold ended; null while it is active.';
comment on column tenantry.credit_holds.state is 'active, captured, released or lapsed.';
comment on column tenantry.credit_holds.remaining is 'Credits still held.';
comment on column tenantry.credit_holds.captured is 'Credits that captures have spent.';
comment on column tenantry.credit_holds.expires_at is 'When the hold lapses.';
create index credit_holds_active_idx on tenantry.credit_holds (organization_id, expires_at) where state = 'active';
create index credit_holds_credit_event_id_idx on tenantry.credit_holds (credit_event_id)
    where credit_event_id is not null;

create table tenantry.credit_revocations (
    organization_id uuid not null,
    id uuid not null,
    lot_id uuid,
    pending_grant_id uuid,
    amount integer not null,
    revoked integer not null,
    held integer not null default 0,
    reclaimed integer not null default 0,
    credit_transaction_id uuid,
    description text,
    metadata jsonb,
    created_at timestamptz not null,
    primary key (organization_id, id),
    constraint credit_revocations_lot_fkey
        foreign key (organization_id, lot_id) references tenantry.credit_lots (organization_id, id),
    constraint credit_revocations_credit_transaction_id_fkey
        foreign key (credit_transaction_id) references public.credit_transactions (id),
    constraint credit_revocations_grant_check check (num_nonnulls(lot_id, pending_grant_id) = 1),
    constraint credit_revocations_revoked_check check (revoked between 0 and amount),
    constraint credit_revocations_held_check check (held between 0 and revoked),
    constraint credit_revocations_reclaimed_check check (reclaimed between 0 and held)
);
comment on table tenantry.credit_revocations is
    'Revocations of grants and purchases: how many credits to take back, and how many were taken.';
comment on column tenantry.credit_revocations.lot_id is 'The lot; null for a grant that had not taken effect.';
comment on column tenantry.credit_revocations.pending_grant_id is
    'The grant, if it had not taken effect. It may have become a lot with the same id since.';
comment on column tenantry.credit_revocations.amount is 'Credits to take back.';
comment on column tenantry.credit_revocations.revoked is
    'Credits taken. amount - revoked + reclaimed is the shortfall, which is spent.';
comment on column tenantry.credit_revocations.held is 'Credits among them that were under a hold.';
comment on column tenantry.credit_revocations.reclaimed is
    'Credits among the held ones that a capture claimed back, because the account had no others.';
create index credit_revocations_held_idx on tenantry.credit_revocations (organization_id, id) where held > reclaimed;
create index credit_revocations_lot_idx on tenantry.credit_revocations (organization_id, lot_id);
create index credit_revocations_credit_transaction_id_idx on tenantry.credit_revocations (credit_transaction_id);

create table tenantry.credit_usage (
    id bigint generated always as identity primary key,
    organization_id uuid not null,
    quarter_hour timestamptz not null,
    credit_event_id uuid,
    source varchar(50) not null,
    credits bigint not null,
    quantity bigint not null,
    entries bigint not null,
    constraint credit_usage_key
        unique nulls not distinct (organization_id, quarter_hour, credit_event_id, source),
    constraint credit_usage_organization_id_fkey
        foreign key (organization_id) references public.organizations (id),
    constraint credit_usage_credit_event_id_fkey
        foreign key (credit_event_id) references public.credit_events (id)
);
comment on table tenantry.credit_usage is
    'Sums of consumption by quarter of an hour, the coarsest step that fits every time zone.';
comment on column tenantry.credit_usage.id is
    'Identifies the row for logical replication, which needs a key without null.';
comment on column tenantry.credit_usage.quarter_hour is 'Start of the quarter of an hour.';
comment on column tenantry.credit_usage.source is 'As in credit_transactions.';
comment on column tenantry.credit_usage.credits is 'Credits consumed.';
comment on column tenantry.credit_usage.quantity is 'Units of the credit event.';
comment on column tenantry.credit_usage.entries is 'Number of ledger entries.';
create index credit_usage_credit_event_id_idx on tenantry.credit_usage (credit_event_id);

create table tenantry.credit_usage_progress (
    organization_id uuid primary key,
    entry_number bigint not null default 0,
    constraint credit_usage_progress_organization_id_fkey
        foreign key (organization_id) references public.organizations (id)
);
comment on table tenantry.credit_usage_progress is 'How far the consumption of each organization is summed up.';
comment on column tenantry.credit_usage_progress.entry_number is 'Number of the last entry in the sum; 0 for none.';

create table tenantry.settlement_failures (
    organization_id uuid primary key,
    due_at timestamptz not null,
    failed_at timestamptz not null,
    code text not null,
    message text not null,
    constraint settlement_failures_organization_id_fkey
        foreign key (organization_id) references public.organizations (id)
);
comment on table tenantry.settlement_failures is
    'Accounts whose last settlement in the background or in a batch failed. A row counts while due_at is the'
    ' organization''s credits_settle_at.';
comment on column tenantry.settlement_failures.due_at is 'The credits_settle_at of the account then.';
comment on column tenantry.settlement_failures.failed_at is
    'When the settlement failed last. The background tries again an hour later.';
comment on column tenantry.settlement_failures.code is 'SQLSTATE of the error.';
comment on column tenantry.settlement_failures.message is 'Message of the error.';

alter table tenantry.settlement_failures enable row level security;
alter table tenantry.credit_revocations enable row level security;
alter table tenantry.credit_usage enable row level security;
alter table tenantry.credit_usage_progress enable row level security;
alter table public.credit_transactions enable row level security;
alter table tenantry.credit_lots enable row level security;
alter table tenantry.pending_grants enable row level security;
alter table tenantry.credit_allocations enable row level security;
alter table tenantry.credit_holds enable row level security;
