-- Returns whether an account is deleted or banned. A blocked account has no access.
--
-- Supabase marks a deleted account by deleted_at, and a banned one by banned_until. An auth.users of another origin may
-- lack the columns, or get them later. The names without a table stand for the columns of auth.users, or for the nulls
-- of `absent` if there are none.
--
-- Callers: definer functions, after they have found a role, so that a caller without one costs no look-up. It takes no
-- lock and raises no error.
create or replace function tenantry.is_account_blocked(p_user_id uuid) returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (
        select
        from (values (null::timestamptz, null::timestamptz)) as absent (deleted_at, banned_until)
        cross join lateral (
            select deleted_at, banned_until from auth.users as u where u.id = p_user_id
        ) as account
        where account.deleted_at is not null or account.banned_until > now()
    );
end
$$;

comment on function tenantry.is_account_blocked(uuid) is 'Whether the account is deleted or banned.';
revoke all on function tenantry.is_account_blocked from public, anon, authenticated, service_role;
