-- Builds the lot that a pending grant will open, for functions that read lots. It has no entry number yet.
create or replace function tenantry.build_pending_lot(p_grant tenantry.pending_grants) returns tenantry.credit_lots
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_lot tenantry.credit_lots;
begin
    v_lot.organization_id := p_grant.organization_id;
    v_lot.id := p_grant.id;
    v_lot.transaction_type := p_grant.transaction_type;
    v_lot.source := p_grant.source;
    v_lot.source_id := p_grant.source_id;
    v_lot.amount := p_grant.amount;
    v_lot.remaining := case when p_grant.cancelled_at is null then p_grant.amount else 0 end;
    v_lot.priority := p_grant.priority;
    v_lot.effective_at := p_grant.effective_at;
    v_lot.expires_at := p_grant.expires_at;
    return v_lot;
end
$$;

comment on function tenantry.build_pending_lot(tenantry.pending_grants) is
    'Builds the lot that a pending grant will open.';
revoke all on function tenantry.build_pending_lot from public, anon, authenticated, service_role;
