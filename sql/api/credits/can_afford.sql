-- Returns whether an organization could pay for a credit event now. It serves policies and checks on tables of your
-- own.
--
-- The answer is for the moment: only charging decides. It is false for an unknown or inactive event or organization,
-- and for a caller without the permission to spend there: so it tells nothing about other tenants.
--
-- Locks: nothing. It settles and writes nothing.
-- Raises: nothing.
-- Callers: signed-in users and the service role.
create or replace function tenantry.can_afford(p_organization_id uuid, p_credit_event text, p_quantity integer)
returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_account public.organizations;
    v_cost bigint;
begin
    if not tenantry.is_authorized('credits:consume', p_organization_id) then
        return false;
    end if;
    select e.credit_cost * p_quantity::bigint into v_cost
    from public.credit_events as e
    where e.is_active and (e.name = p_credit_event or e.id::text = p_credit_event);
    select * into v_account from public.organizations as o where o.id = p_organization_id and o.is_active;
    if v_cost is null or v_cost <= 0 or v_account.id is null then
        return false;
    end if;
    if v_account.credits_settle_at <= tenantry.clock() then
        return (select b.available >= v_cost from tenantry.get_credit_balance(p_organization_id, null) as b);
    end if;
    return v_account.credit_balance - v_account.credits_reserved >= v_cost;
end
$$;

comment on function tenantry.can_afford(uuid, text, integer) is
    'Answers false without credits:consume in the organization, and compares the price with the available credits.';
revoke all on function tenantry.can_afford from public, anon, authenticated, service_role;
grant execute on function tenantry.can_afford to authenticated, service_role;

create or replace function public.can_afford(
    organization_id uuid default null,
    credit_event text default null,
    quantity integer default 1
) returns boolean
language sql stable
return tenantry.can_afford(organization_id, credit_event, quantity);

comment on function public.can_afford(uuid, text, integer) is
    'Whether the organization could pay for that many units of the credit event (id or name) now. False for an'
    ' organization in which the caller may not spend. For policies and CHECKs of your own; only charging decides.'
    ' Raises nothing.';
revoke all on function public.can_afford from public, anon, authenticated, service_role;
grant execute on function public.can_afford to authenticated, service_role;
