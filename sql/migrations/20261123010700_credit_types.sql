-- The types that the credit functions return, beside rows of the tables.

create type public.credit_lot as (
    id uuid,
    organization_id uuid,
    transaction_type text,
    source text,
    source_id uuid,
    amount integer,
    remaining integer,
    priority integer,
    effective_at timestamptz,
    expires_at timestamptz,
    entry_number bigint,
    state text
);
comment on type public.credit_lot is
    'Credits of one grant or purchase: amount in all, remaining unspent; state pending, active, spent or expired.';

create type public.credit_hold as (
    id uuid,
    organization_id uuid,
    amount integer,
    remaining integer,
    captured integer,
    credit_event_id uuid,
    quantity integer,
    description text,
    metadata jsonb,
    idempotency_key text,
    created_at timestamptz,
    expires_at timestamptz,
    ended_at timestamptz,
    state text
);
comment on type public.credit_hold is
    'Credits set aside: amount at first, remaining still held, captured spent; state active, captured, released or'
    ' lapsed.';

create type public.credit_allocation as (
    credit_transaction_id uuid,
    entry_number bigint,
    lot_id uuid,
    amount integer,
    created_at timestamptz
);
comment on type public.credit_allocation is
    'Credits that one entry took from one lot (amount below 0) or gave back to it (above 0).';

create type public.credit_decision as (
    transaction public.credit_transactions,
    code text,
    reason text,
    message text,
    details jsonb,
    remedy text
);
comment on type public.credit_decision is
    'The outcome of one item of a batch: its entry, or the refusal: SQLSTATE, reason, message, details and remedy.';

create type public.credit_usage_bucket as (
    start_time timestamptz,
    group_key text,
    credits bigint,
    quantity bigint,
    entries bigint
);
comment on type public.credit_usage_bucket is 'Credits consumed in one period by one group.';

create type public.ledger_finding as (
    organization_id uuid,
    invariant text,
    entry_number bigint,
    expected text,
    found text
);
comment on type public.ledger_finding is
    'A broken invariant of a ledger: the invariant, the entry, the expected and the found value.';
