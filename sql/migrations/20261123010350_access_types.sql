-- What the access functions return, beside rows of the tables.

create type public.member as (
    user_id uuid,
    email text,
    roles text[],
    since timestamptz
);
comment on type public.member is 'A user of an organization: their roles there by name (display name of own roles), since when.';

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
comment on type public.invitation is 'Somebody asked to join: state pending, accepted, revoked or expired.';

create type public.permission_answer as (
    organization_id uuid,
    permission text,
    allowed boolean
);
comment on type public.permission_answer is 'Whether a permission is held in an organization.';

create type public.permission_path as (
    user_role_id uuid,
    role_id uuid,
    role text,
    permission text,
    organization_id uuid
);
comment on type public.permission_path is
    'How somebody comes to a permission: assignment, role, the permission that the role holds; organization null for everywhere.';

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
comment on type public.audit_event is 'Who changed what, when, and through which door.';
