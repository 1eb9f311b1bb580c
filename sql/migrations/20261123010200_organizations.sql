-- Organizations: the tenants.
--
-- A row is also the account of the organization's credit ledger. The lock of the row puts the ledger's entries in
-- order.
-- The account's state stands here and not in a table of its own, so that a consumption locks one row and writes one
-- row.

create table public.organizations (
    id uuid primary key default gen_random_uuid(),
    name varchar(100) not null,
    description text,
    slug varchar(100) not null,
    website varchar(500),
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    credit_balance integer not null default 0,
    credits_reserved integer not null default 0,
    credits_entry_number bigint not null default 0,
    credits_entry_at timestamptz,
    credits_settled_entry bigint not null default 0,
    credits_settle_at timestamptz,
    low_balance_threshold integer,
    auto_top_up_threshold integer,
    constraint organizations_name_key unique (name),
    constraint organizations_slug_key unique (slug),
    constraint organizations_name_check check (name ~ '[^[:space:]]'),
    constraint organizations_slug_check check (slug ~ '^[a-z0-9]+([-_][a-z0-9]+)*$'),
    constraint organizations_website_check check (website ~* '^https?://[^[:space:]]+$'),
    constraint organizations_credit_balance_check check (credit_balance >= 0),
    constraint organizations_low_balance_threshold_check check (low_balance_threshold > 0),
    constraint organizations_auto_top_up_threshold_check check (auto_top_up_threshold > 0),
    constraint organizations_credits_reserved_check check (credits_reserved >= 0)
)
-- Every consumption updates its row. Free space on the page and no index on the changed columns keep the updates HOT.
with (fillfactor = 50);

comment on table public.organizations is 'Tenants, each with the account of its credit ledger.';
comment on column public.organizations.website is 'Address of the web site, http or https.';
comment on column public.organizations.slug is 'Name for addresses: lower case letters and digits, joined by - or _.';
comment on column public.organizations.is_active is 'An inactive organization keeps its data and cannot spend credits.';
comment on column public.organizations.credit_balance is
    'Credits after the last ledger entry, including held credits. Only the ledger functions write it.';
comment on column public.organizations.credits_reserved is
    'Credits under active holds. More than credit_balance after a revocation of held credits. Available are'
    ' credit_balance - credits_reserved, at least 0.';
comment on column public.organizations.credits_entry_number is 'Number of the last ledger entry; 0 before the first.';
comment on column public.organizations.credits_entry_at is
    'created_at of the last ledger entry; null before the first.';
comment on column public.organizations.credits_settled_entry is
    'Number of the last entry whose credits are allocated to lots. Later consumption is not allocated yet.';
comment on column public.organizations.credits_settle_at is
    'Earliest time at which a lot, a hold or a future grant falls due; null for none. A later consumption settles'
    ' first.';

comment on column public.organizations.low_balance_threshold is
    'Credits: a low_balance event is recorded when the available credits fall below; null for never.';
comment on column public.organizations.auto_top_up_threshold is
    'Credits: the organization buys credits when its balance falls below; null for never.';

create index organizations_created_at_idx on public.organizations (created_at, id);
create index organizations_credits_settle_at_idx on public.organizations (credits_settle_at)
    where credits_settle_at is not null;

alter table public.organizations enable row level security;

create table tenantry.erasures (
    organization_id uuid primary key,
    started_at timestamptz not null default now(),
    finished_at timestamptz
);
comment on table tenantry.erasures is
    'Organizations whose data an operator erases, or has erased. Without foreign keys, so that it outlives them.';
comment on column tenantry.erasures.organization_id is 'The organization.';
comment on column tenantry.erasures.started_at is 'When its first rows were deleted.';
comment on column tenantry.erasures.finished_at is 'When its last row was deleted; null before.';
alter table tenantry.erasures enable row level security;
