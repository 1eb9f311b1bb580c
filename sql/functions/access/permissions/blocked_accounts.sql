-- Returns the given account if it is deleted or banned, and no row otherwise. A blocked account has no access.
--
-- Supabase marks a deleted account by deleted_at, and a banned one by banned_until. An auth.users of another origin may
-- lack the columns, or get them later. The names without a table stand for the columns of auth.users, or for the nulls
-- of `absent` if there are none. So the body is a text, which is bound when a query is planned.
-- The function pins no search_path, so that the planner makes it part of the query that calls it: one look-up by the
-- primary key.
--
-- Callers: definer functions. It takes no lock and raises no error.
create or replace function tenantry.blocked_accounts(p_user_id uuid) returns setof uuid
language sql stable
as $$
    select account.id
    from (values (null::timestamptz, null::timestamptz)) as absent (deleted_at, banned_until)
    cross join lateral (
        select u.id, deleted_at, banned_until from auth.users as u where u.id = p_user_id  -- noqa: RF02
    ) as account
    where account.deleted_at is not null or account.banned_until > now()
$$;

comment on function tenantry.blocked_accounts(uuid) is 'The account if it is deleted or banned; no row otherwise.';
revoke all on function tenantry.blocked_accounts from public, anon, authenticated, service_role;
