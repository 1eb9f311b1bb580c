-- Locks an organization's row for a change of its members. Returns whether the organization exists.
--
-- The function writes the row instead of only locking it. At a higher isolation level the snapshot of a transaction can
-- be older than the lock, and the transaction would count old seats and owners. After a write it fails with 40001
-- instead, and the client tries again.
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
    'Locks the organization for a change of its members; returns whether it exists.';
revoke all on function tenantry.lock_organization from public, anon, authenticated, service_role;
