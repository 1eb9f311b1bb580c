-- Settles accounts in which something has fallen due, so that raw reads of the tables are fresh. Nothing else depends
-- on it.
--
-- It takes a few accounts at a time and skips those that other sessions have locked. So several servers, or pg_cron,
-- may call it at the same time. Call it again while it returns p_limit.
--
-- An account that cannot be settled is set aside, and tried again an hour later.
--
-- p_limit: accounts at most.
-- Returns the number of accounts that it settled or set aside.
-- Locks: the organizations' rows that no other session has locked.
-- Raises: 42501.
-- Callers: the service role.
create or replace function tenantry.settle_due_accounts(p_limit integer default 20) returns integer
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_account public.organizations;
    v_settled integer := 0;
begin
    perform tenantry.authorize('credits:maintain');
    for v_account in
        select o.* from public.organizations as o
        where o.credits_settle_at <= tenantry.clock()
          and not exists (
              select from tenantry.settlement_failures as f
              where f.organization_id = o.id and f.due_at = o.credits_settle_at
                and f.failed_at > tenantry.clock() - interval '1 hour'
          )
        order by o.credits_settle_at
        limit p_limit
        for no key update skip locked
    loop
        perform tenantry.settle_or_set_aside(v_account);
        v_settled := v_settled + 1;
    end loop;
    return v_settled;
end
$$;

comment on function tenantry.settle_due_accounts(integer) is
    'Settles up to p_limit accounts in which something has fallen due, and returns their number. Several sessions may'
    ' call it at the same time.';
revoke all on function tenantry.settle_due_accounts from public, anon, authenticated, service_role;
grant execute on function tenantry.settle_due_accounts to service_role;
