-- The private schema with its error codes and settings.

-- Names are normalized, which PostgreSQL can do in UTF8 only.
do $$
begin
    if current_setting('server_encoding') <> 'UTF8' then
        raise exception 'Tenantry needs a database in UTF8, and this one is in %', current_setting('server_encoding')
            using hint = 'Make it with: create database ... template template0 encoding ''UTF8''.';
    end if;
end
$$;

create schema if not exists tenantry;

comment on schema tenantry is
    'Private half of Tenantry: helpers, definer functions and bookkeeping. Not to be exposed over PostgREST.';

create table tenantry.errors (
    reason text primary key,
    number integer not null,
    sqlstate text,
    postgres_codes text[] not null,
    grpc_status text not null,
    retry_after numeric(6, 1),
    metadata text not null,
    occurs text not null,
    remedy text not null,
    constraint errors_number_key unique (number),
    constraint errors_sqlstate_key unique (sqlstate),
    constraint errors_reason_check check (reason ~ '^[A-Z][A-Z0-9_]{1,61}[A-Z0-9]$'),
    constraint errors_number_check check (
        number > 0 and (sqlstate !~ '^TN' or sqlstate = 'TN' || lpad(number::text, 3, '0'))
    ),
    constraint errors_retry_after_check check (retry_after > 0)
);
comment on table tenantry.errors is 'Every reason that a call fails for, filled by sql/seeds/errors.sql.';
comment on column tenantry.errors.reason is
    'ErrorInfo.reason, "reason" in DETAIL, and the name in the enum ErrorReason.';
comment on column tenantry.errors.number is 'The value in the enum ErrorReason, which never changes.';
comment on column tenantry.errors.sqlstate is
    'The SQLSTATE that tenantry.fail raises; null for a reason that SQL never raises.';
comment on column tenantry.errors.postgres_codes is
    'PostgreSQL''s own SQLSTATEs, or their first characters, that the server answers with the reason.';
comment on column tenantry.errors.grpc_status is 'The gRPC status code.';
comment on column tenantry.errors.retry_after is
    'Seconds after which the same call may succeed; null if repeating does not help.';
comment on column tenantry.errors.metadata is 'The variables in ErrorInfo.metadata and in DETAIL.';
comment on column tenantry.errors.occurs is 'When the error happens.';
comment on column tenantry.errors.remedy is 'The next step for the caller.';
alter table tenantry.errors enable row level security;

create table tenantry.settings (
    name text primary key,
    value integer not null,
    meaning text not null,
    constraint settings_value_check check (
        case name
            when 'stripe_livemode' then value in (-1, 0, 1)
            when 'provisional_credit_days' then value between 0 and 60
            when 'keep_audit_log_days' then value = 0 or value >= 30
            when 'keep_events_days' then value = 0 or value >= 30
            when 'keep_stripe_events_days' then value = 0 or value >= 30
            when 'keep_stripe_requests_days' then value = 0 or value >= 30
            else value >= 4096
        end)
);
comment on table tenantry.settings is
    'Limits, and the mode of Stripe, that an operator can change with UPDATE. Upgrades leave changed values alone.';
comment on column tenantry.settings.name is 'Name of the setting.';
comment on column tenantry.settings.value is
    'A limit of at least 4096; for stripe_livemode 1 (live mode), 0 (test mode) or -1 (either); for'
    ' provisional_credit_days 0 to 60; for the settings that start with keep_ 0 or at least 30.';
comment on column tenantry.settings.meaning is 'The thing that is limited, with its unit; or the meaning of the value.';
insert into tenantry.settings (name, value, meaning) values
    ('max_text_bytes', 16384, 'Bytes of a description or another free text, in UTF-8.'),
    ('max_metadata_bytes', 16384, 'Bytes of metadata or of the features of a plan, as JSON text in UTF-8.'),
    ('max_hold_minutes', 44640, 'Minutes that a hold lives from its beginning, for callers without credits:grant.'),
    ('provisional_credit_days', 7, 'Days for which a renewal at Stripe that is not paid yet has credits, at most.'),
    ('keep_audit_log_days', 0, 'Days for which entries of the audit log are kept, at least 30; 0 for ever.'),
    ('keep_events_days', 0, 'Days for which rows of tenantry.events are kept, at least 30; 0 for ever.'),
    ('keep_stripe_events_days', 0, 'Days for which events of Stripe are kept, at least 30; 0 for ever.'),
    ('keep_stripe_requests_days', 0, 'Days for which finished requests to Stripe are kept, at least 30; 0 for ever.'),
    ('stripe_livemode', -1, 'The mode of Stripe whose events count: 1 for live mode, 0 for test mode, -1 for either.');
alter table tenantry.settings enable row level security;
