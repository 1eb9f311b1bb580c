-- The state machine of subscriptions, and the credits that periods and purchases have granted.

create table tenantry.subscription_transitions (
    from_status varchar(50) not null,
    to_status varchar(50) not null,
    stripe_only boolean not null,
    meaning text not null,
    primary key (from_status, to_status)
);
comment on table tenantry.subscription_transitions is
    'The state machine of subscriptions: the allowed changes of status. sql/seeds/subscription_transitions.sql holds'
    ' the rows. A trigger checks every write against them.';
comment on column tenantry.subscription_transitions.from_status is 'new for a subscription that is inserted.';
comment on column tenantry.subscription_transitions.to_status is 'The status after the change.';
comment on column tenantry.subscription_transitions.meaning is 'Description of the change.';
comment on column tenantry.subscription_transitions.stripe_only is
    'Whether only a subscription at Stripe may make the change. There it has happened already, so it is followed.';

create table tenantry.granted_credits (
    organization_id uuid not null,
    source varchar(50) not null,
    source_id uuid not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    credits integer not null,
    shortfall integer not null default 0,
    lots uuid[] not null default '{}',
    primary key (organization_id, source, source_id, starts_at),
    constraint granted_credits_organization_id_fkey
        foreign key (organization_id) references public.organizations (id),
    constraint granted_credits_source_check
        check (source in ('subscription', 'provisional', 'late', 'rollover', 'purchase')),
    constraint granted_credits_credits_check check (credits >= 0),
    constraint granted_credits_shortfall_check check (shortfall >= 0)
);
comment on table tenantry.granted_credits is
    'The credits that a period of a subscription, or a purchase, has granted so far. Each grant is adjusted to its'
    ' target, so nothing is granted twice, in any order of events and with any repetition.';
comment on column tenantry.granted_credits.source is
    'subscription, provisional (a renewal that is not paid yet), late (paid after its period), rollover or purchase.';
comment on column tenantry.granted_credits.starts_at is 'Start of the period that the credits are for.';
comment on column tenantry.granted_credits.source_id is
    'The subscription or the purchase; for late credits, the MD5 hash of the id of the invoice.';
comment on column tenantry.granted_credits.ends_at is 'Time at which unspent credits expire; infinity for never.';
comment on column tenantry.granted_credits.credits is 'Credits granted, less those revoked.';
comment on column tenantry.granted_credits.shortfall is
    'Credits that were to be revoked and had been spent. A later grant pays for them first.';
comment on column tenantry.granted_credits.lots is 'The lots that hold them, oldest first.';

create table tenantry.used_trials (
    kind varchar(20) not null,
    holder varchar(255) not null,
    organization_id uuid not null,
    used_at timestamptz not null,
    primary key (kind, holder),
    constraint used_trials_organization_id_fkey
        foreign key (organization_id) references public.organizations (id),
    constraint used_trials_kind_check check (kind in ('user', 'payment_method'))
);
comment on table tenantry.used_trials is
    'Users and payment methods that have had a trial. A plan can limit trials to one for each (features: trial_limit).';
comment on column tenantry.used_trials.kind is 'user or payment_method.';
comment on column tenantry.used_trials.holder is
    'Id of the user, also after the account is deleted, or Stripe''s fingerprint of the payment method.';
comment on column tenantry.used_trials.organization_id is 'The organization that had the trial.';
comment on column tenantry.used_trials.used_at is 'When the trial was recorded.';
create index used_trials_organization_id_idx on tenantry.used_trials (organization_id);

alter table tenantry.used_trials enable row level security;
alter table tenantry.subscription_transitions enable row level security;
alter table tenantry.granted_credits enable row level security;
