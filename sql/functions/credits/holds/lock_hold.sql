-- Locks and settles the account of a hold, and returns the hold and the account.
--
-- The lock of the account guards its holds, so the row of the hold needs no lock of its own.
--
-- Locks: the organization's row.
-- Raises: TN001, TN002, 42501 (without credits:consume in the organization).
create or replace function tenantry.lock_hold(
    p_organization_id uuid,
    p_hold_id uuid,
    out hold tenantry.credit_holds,
    out account public.organizations
)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    elsif p_hold_id is null then
        perform tenantry.fail_invalid('hold_id', 'is required');
    end if;
    perform tenantry.authorize('credits:consume', p_organization_id);
    account := tenantry.lock_account(p_organization_id);
    select * into hold
    from tenantry.credit_holds as h
    where h.organization_id = p_organization_id and h.id = p_hold_id;
    if not found then
        perform tenantry.fail_not_found('credit_hold', p_hold_id::text);
    end if;
end
$$;

comment on function tenantry.lock_hold(uuid, uuid) is
    'Locks and settles the account of a hold, and returns both. Raises TN001, TN002, 42501.';
revoke all on function tenantry.lock_hold from public, anon, authenticated, service_role;
