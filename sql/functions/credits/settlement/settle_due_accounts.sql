-- Settles accounts in which something has fallen due, so that raw reads of the tables are fresh. Nothing else depends
-- on it. Takes a few at a time and passes over those that others have locked: several servers, or pg_cron, may call it
-- at once. Call it again while it returns as many as it may take.
--
-- p_limit: accounts at most. Returns how many were settled.
-- Locks: the organizations' rows that nobody else has locked. Raises 42501. Callers: the service role.
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
        order by o.credits_settle_at
        limit p_limit
        for no key update skip locked
    loop
        perform tenantry.settle_account(v_account);
        v_settled := v_settled + 1;
    end loop;
    return v_settled;
end
$$;

comment on function tenantry.settle_due_accounts(integer) is
    'Settles up to p_limit accounts in which something has fallen due; returns how many. Safe to call from several'
    ' places.';
revoke all on function tenantry.settle_due_accounts from public, anon, authenticated, service_role;
grant execute on function tenantry.settle_due_accounts to service_role;
