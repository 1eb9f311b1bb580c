-- Locks an organization's row for a change of who belongs to it. Returns whether there is such an organization.
--
-- The row is written, not only locked: a transaction at a higher isolation level, whose snapshot may be older than the
-- lock, would otherwise count seats and owners as they were. Written so, it fails with 40001 and is tried again.
--
-- Locks: the organization's row.
create or replace function tenantry.lock_organization(
    p_organization_id uuid
) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    update public.organizations as o
    set credits_reserved = o.credits_reserved
    where o.id = p_organization_id;
    return found;
end
$$;

comment on function tenantry.lock_organization(uuid) is
    'Locks the organization for a change of its members; whether there is one.';
revoke all on function tenantry.lock_organization from public, anon, authenticated, service_role;
