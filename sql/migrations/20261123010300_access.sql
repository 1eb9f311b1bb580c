-- Roles, permissions and the assignments of roles to users.

create table public.permissions (
    id uuid primary key default gen_random_uuid(),
    name varchar(100) not null,
    description text,
    resource varchar(50) not null,
    action varchar(50) not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint permissions_name_key unique (name),
    constraint permissions_resource_action_key unique (resource, action),
    constraint permissions_name_check check (name ~ '[^[:space:]]'),
    constraint permissions_resource_check check (resource ~ '^([a-z][a-z0-9_]*|\*)$'),
    constraint permissions_action_check check (action ~ '^([a-z][a-z0-9_]*|\*)$')
);
comment on table public.permissions is 'An action on a resource that a role can allow; * in either place means all.';
comment on column public.permissions.resource is 'The resource, * for all.';
comment on column public.permissions.action is 'The action on the resource, * for all.';

create table public.roles (
    id uuid primary key default gen_random_uuid(),
    name varchar(50) not null,
    description text,
    is_system_role boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    organization_id uuid,
    display_name varchar(50),
    constraint roles_name_key unique (name),
    constraint roles_organization_id_display_name_key unique (organization_id, display_name),
    constraint roles_organization_id_fkey
        foreign key (organization_id) references public.organizations (id) on delete cascade,
    -- The name of an own role is its id. Otherwise a taken name would tell an organization about another's roles.
    constraint roles_own_name_check check (
        case
            when organization_id is null then name !~ '^own:' and display_name is null
            else name = 'own:' || id and display_name ~ '[^[:space:]]' and not is_system_role
        end
    ),
    constraint roles_name_check check (name ~ '[^[:space:]]')
);
comment on table public.roles is 'Named sets of permissions.';
comment on column public.roles.organization_id is 'The organization that owns the role; null for a global role.';
comment on column public.roles.display_name is
    'Name of an own role, unique in its organization; the column name is derived from the id.';
comment on column public.roles.is_system_role is 'Shipped with Tenantry; cannot be changed or deleted.';

create table public.role_permissions (
    id uuid primary key default gen_random_uuid(),
    role_id uuid not null,
    permission_id uuid not null,
    created_at timestamptz not null default now(),
    constraint role_permissions_role_id_permission_id_key unique (role_id, permission_id),
    constraint role_permissions_role_id_fkey
        foreign key (role_id) references public.roles (id) on delete cascade,
    constraint role_permissions_permission_id_fkey
        foreign key (permission_id) references public.permissions (id) on delete cascade
);
comment on table public.role_permissions is 'The permissions of each role.';
create index role_permissions_permission_id_idx on public.role_permissions (permission_id);

create table tenantry.role_grants (
    role_id uuid primary key,
    organization_id uuid,
    permissions text[] not null,
    constraint role_grants_role_id_fkey foreign key (role_id) references public.roles (id) on delete cascade
);
comment on table tenantry.role_grants is
    'The permissions of each role in the form that every permission check reads. Derived by triggers.';
comment on column tenantry.role_grants.organization_id is 'As in public.roles.';
comment on column tenantry.role_grants.permissions is 'resource:action of each permission of the role.';

create table public.user_roles (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null,
    role_id uuid not null,
    organization_id uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint user_roles_user_id_role_id_organization_id_key
        unique nulls not distinct (user_id, role_id, organization_id),
    constraint user_roles_user_id_fkey
        foreign key (user_id) references auth.users (id) on delete cascade,
    constraint user_roles_role_id_fkey
        foreign key (role_id) references public.roles (id) on delete cascade,
    constraint user_roles_organization_id_fkey
        foreign key (organization_id) references public.organizations (id) on delete cascade
);
comment on table public.user_roles is 'Assignments: a user holds a role in an organization.';
comment on column public.user_roles.organization_id is
    'The organization in which the user holds the role; null for everywhere.';
create index user_roles_organization_id_idx on public.user_roles (organization_id);
create index user_roles_role_id_idx on public.user_roles (role_id);

create table tenantry.invitations (
    organization_id uuid not null,
    id uuid not null default gen_random_uuid(),
    email varchar(320),
    role_id uuid not null,
    token_hash bytea not null,
    invited_by uuid,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    accepted_at timestamptz,
    accepted_by uuid,
    revoked_at timestamptz,
    primary key (organization_id, id),
    constraint invitations_token_hash_key unique (token_hash),
    constraint invitations_organization_id_fkey
        foreign key (organization_id) references public.organizations (id) on delete cascade,
    constraint invitations_role_id_fkey foreign key (role_id) references public.roles (id) on delete cascade,
    constraint invitations_email_check check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$')
);
comment on table tenantry.invitations is 'Invitations of persons to join an organization in a role.';
comment on column tenantry.invitations.email is
    'Address that the invitation is for; the user who accepts it may have another. Null after the person was erased.';
comment on column tenantry.invitations.invited_by is 'The user who invited; null for the service.';
comment on column tenantry.invitations.expires_at is 'When the invitation stops being valid.';
comment on column tenantry.invitations.accepted_at is 'When it was accepted; null until then.';
comment on column tenantry.invitations.accepted_by is 'The user who accepted it.';
comment on column tenantry.invitations.revoked_at is 'When it was revoked; null until then.';
comment on column tenantry.invitations.role_id is 'The role that the user gets.';
comment on column tenantry.invitations.token_hash is
    'SHA-256 of the token. The token itself was shown once and is not stored.';
create index invitations_role_id_idx on tenantry.invitations (role_id);
create index invitations_email_idx on tenantry.invitations (email);
create index invitations_accepted_by_idx on tenantry.invitations (accepted_by);

create table tenantry.audit_log (
    id bigint generated always as identity primary key,
    organization_id uuid,
    actor_id uuid,
    actor_role text not null,
    door text not null,
    action text not null,
    resource text not null,
    resource_id uuid,
    old jsonb,
    new jsonb,
    created_at timestamptz not null default clock_timestamp(),
    constraint audit_log_door_check check (door in ('grpc', 'postgrest', 'sql')),
    constraint audit_log_action_check check (action in ('insert', 'update', 'delete'))
);
comment on table tenantry.audit_log is
    'Changes with their actor and door. Append-only. Without foreign keys, so that it outlives the changed rows.';
comment on column tenantry.audit_log.id is 'Number, rising with time.';
comment on column tenantry.audit_log.actor_id is
    'The user who made the change; null for the service and for SQL without a user.';
comment on column tenantry.audit_log.actor_role is
    'Database role that made the change, such as authenticated or service_role.';
comment on column tenantry.audit_log.door is 'Way in: grpc, postgrest or sql.';
comment on column tenantry.audit_log.action is 'insert, update or delete.';
comment on column tenantry.audit_log.resource is 'Table that was changed.';
comment on column tenantry.audit_log.resource_id is 'Id of the changed row.';
comment on column tenantry.audit_log.old is 'The row before the change; null for insert.';
comment on column tenantry.audit_log.new is 'The row after the change; null for delete.';
create index audit_log_organization_id_idx on tenantry.audit_log (organization_id, id);

alter table tenantry.role_grants enable row level security;
alter table tenantry.invitations enable row level security;
alter table tenantry.audit_log enable row level security;

alter table public.permissions enable row level security;
alter table public.roles enable row level security;
alter table public.role_permissions enable row level security;
alter table public.user_roles enable row level security;
