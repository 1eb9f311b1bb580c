-- The request_ids of all operations but consumptions. A repeated call finds its first result here.
--
-- A consumption keeps its request_id on its ledger entry, under a unique index of its own: the hot path writes no
-- second row. There is no foreign key to the organization: its check would be a tenth of a hold's cost, and a caller
-- that writes here holds the lock of the organization's row. An organization with such a row is never deleted, because
-- the object that the request made is a part of its history.

create table tenantry.requests (
    organization_id uuid not null,
    request_id varchar(255) not null,
    operation varchar(50) not null,
    fingerprint bytea not null,
    result_id uuid not null,
    created_at timestamptz not null,
    primary key (organization_id, request_id)
);
comment on table tenantry.requests is 'Calls with a request_id that are not consumptions: one row for each request_id.';
comment on column tenantry.requests.request_id is 'The id that the caller gave.';
comment on column tenantry.requests.operation is 'The function that was called, such as grant_credits.';
comment on column tenantry.requests.fingerprint is
    'SHA-256 of the arguments. It shows whether a later call has the same arguments.';
comment on column tenantry.requests.result_id is
    'Id of the object that the call made: a grant, an entry, a hold, a revocation or a billing record.';

alter table tenantry.requests enable row level security;
