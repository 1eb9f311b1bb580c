-- The row types that access functions return beside rows of tables.

create type public.member as (
    user_id uuid,
    email text,
    roles text[],
    since timestamptz
);
comment on type public.member is
    'A user of an organization: the roles there by name (own roles by display name), and the start of the membership.';

create type public.invitation as (
    id uuid,
    organization_id uuid,
    email text,
    role_id uuid,
    invited_by uuid,
    created_at timestamptz,
    expires_at timestamptz,
    state text
);
comment on type public.invitation is
    'An invitation to join an organization; state is pending, accepted, revoked or expired.';

create type public.permission_answer as (
    organization_id uuid,
    permission text,
    allowed boolean
);
comment on type public.permission_answer is 'Whether the user holds a permission in an organization.';

create type public.permission_path as (
    user_role_id uuid,
    role_id uuid,
    role text,
    permission text,
    organization_id uuid
);
comment on type public.permission_path is
    'An assignment and a role through which a user holds a permission; organization_id is null for everywhere.';

create type public.audit_event as (
    id bigint,
    organization_id uuid,
    actor_id uuid,
    actor_role text,
    door text,
    action text,
    resource text,
    resource_id uuid,
    old jsonb,
    new jsonb,
    created_at timestamptz
);
comment on type public.audit_event is 'A change: its actor, its time, its door, and the row before and after.';
