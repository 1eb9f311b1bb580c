-- Roles, permissions and who holds which role where.

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
comment on table public.permissions is 'What a role can allow: an action on a resource, * in either place for all.';

create table public.roles (
    id uuid primary key default gen_random_uuid(),
    name varchar(50) not null,
    description text,
    is_system_role boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint roles_name_key unique (name),
    constraint roles_name_check check (name ~ '[^[:space:]]')
);
comment on table public.roles is 'Named sets of permissions.';
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
comment on table public.role_permissions is 'Which permissions a role holds.';
create index role_permissions_permission_id_idx on public.role_permissions (permission_id);

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
comment on table public.user_roles is 'Which role a user holds in which organization.';
comment on column public.user_roles.organization_id is 'Where the role holds; null for everywhere.';
create index user_roles_organization_id_idx on public.user_roles (organization_id);
create index user_roles_role_id_idx on public.user_roles (role_id);

alter table public.permissions enable row level security;
alter table public.roles enable row level security;
alter table public.role_permissions enable row level security;
alter table public.user_roles enable row level security;
