-- Takes credits of a pending grant back before they come. If none are left, the grant is cancelled.
--
-- p_amount: credits to take back, at most as many as the grant brings.
-- p_at: the time of the revocation.
-- Returns the revocation that it records.
-- Locks: none of its own. The caller holds the account's lock and has settled it.
create or replace function tenantry.revoke_from_pending_grant(
    p_organization_id uuid,
    p_grant_id uuid,
    p_amount integer,
    p_description text,
    p_metadata jsonb,
    p_at timestamptz
) returns tenantry.credit_revocations
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_revocation tenantry.credit_revocations;
begin
    update tenantry.pending_grants as g
    set amount = case when g.amount = p_amount then g.amount else g.amount - p_amount end,
        cancelled_at = case when g.amount = p_amount then p_at end
    where g.organization_id = p_organization_id and g.id = p_grant_id;
    perform tenantry.schedule_settlement(p_organization_id);
    insert into tenantry.credit_revocations (
        organization_id, id, pending_grant_id, amount, revoked, description, metadata, created_at
    )
    values (
        p_organization_id, tenantry.uuid_v7(), p_grant_id, p_amount, p_amount, p_description, p_metadata, p_at
    )
    returning * into v_revocation;
    return v_revocation;
end
$$;

comment on function tenantry.revoke_from_pending_grant(uuid, uuid, integer, text, jsonb, timestamptz) is
    'Takes credits of a pending grant back before they come. The caller holds the account''s lock.';
revoke all on function tenantry.revoke_from_pending_grant from public, anon, authenticated, service_role;
