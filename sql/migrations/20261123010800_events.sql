-- The outbox: events for other programs. The transaction of an event writes it and announces it by NOTIFY
-- tenantry_events. Readers take events in the order of id.

create table tenantry.events (
    id bigint generated always as identity primary key,
    organization_id uuid not null,
    event_type varchar(50) not null,
    payload jsonb not null,
    created_at timestamptz not null,
    constraint events_organization_id_fkey foreign key (organization_id) references public.organizations (id)
);
comment on table tenantry.events is 'Outbox of events, such as low_balance. NOTIFY tenantry_events announces new ones.';
comment on column tenantry.events.id is 'Number, rising with time.';
comment on column tenantry.events.event_type is 'Type of the event, such as low_balance.';
comment on column tenantry.events.payload is 'Variables of the event.';
create index events_organization_id_idx on tenantry.events (organization_id, id);
alter table tenantry.events enable row level security;
