-- Supabase's schema `auth` for plain PostgreSQL: the accounts that `user_roles` refers to, and the functions that tell
-- policies which user calls. If `auth.users` exists, the migration changes nothing. Shapes and bodies follow Supabase,
-- so that policies written for one work on the other.

do $$
begin
    if to_regclass('auth.users') is not null then
        return;
    end if;

    create schema auth;
    comment on schema auth is 'Supplied by Tenantry in place of Supabase Auth.';

    create table auth.users (
        id uuid primary key default gen_random_uuid(),
        email varchar(255) unique,
        raw_app_meta_data jsonb,
        raw_user_meta_data jsonb,
        banned_until timestamptz,
        deleted_at timestamptz,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now()
    );
    comment on table auth.users is 'Accounts. A user of another identity provider gets a row with the same id.';
    comment on column auth.users.banned_until is 'Until then the account has no access; null for no ban.';
    comment on column auth.users.deleted_at is 'Since then the account has no access; null for an account in use.';
    alter table auth.users enable row level security;

    create function auth.jwt() returns jsonb
    language sql stable
    return coalesce(
        nullif(current_setting('request.jwt.claim', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')
    )::jsonb;
    comment on function auth.jwt() is 'Claims of the calling token, or null without one.';

    create function auth.uid() returns uuid
    language sql stable
    return coalesce(
        nullif(current_setting('request.jwt.claim.sub', true), ''),
        (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')
    )::uuid;
    comment on function auth.uid() is 'The calling user''s id, or null without one.';

    create function auth.role() returns text
    language sql stable
    return coalesce(
        nullif(current_setting('request.jwt.claim.role', true), ''),
        (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role')
    );
    comment on function auth.role() is 'The role that the calling token names, or null without one.';

    create function auth.email() returns text
    language sql stable
    return coalesce(
        nullif(current_setting('request.jwt.claim.email', true), ''),
        (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email')
    );
    comment on function auth.email() is 'The email address that the calling token names, or null without one.';
end
$$;
