-- Makes a pending grant take effect: writes its entry and its lot in place of the grant.
--
-- See apply_due() for the rule when a grant takes effect, and next_due_time() for the moment.
--
-- p_at: the time of the entry, at which the grant is due.
-- Locks: none of its own. The caller holds the account's lock and has taken all that was due before.
-- Callers: apply_due().
create or replace function tenantry.apply_pending_grant(p_grant tenantry.pending_grants, p_at timestamptz) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_entry public.credit_transactions;
begin
    delete from tenantry.pending_grants where organization_id = p_grant.organization_id and id = p_grant.id;
    v_entry.id := p_grant.id;
    v_entry.organization_id := p_grant.organization_id;
    v_entry.transaction_type := p_grant.transaction_type;
    v_entry.amount := p_grant.amount;
    v_entry.source := p_grant.source;
    v_entry.source_id := p_grant.source_id;
    v_entry.expires_at := nullif(p_grant.expires_at, 'infinity');
    v_entry.stripe_payment_intent_id := p_grant.stripe_payment_intent_id;
    v_entry.description := p_grant.description;
    v_entry.metadata := p_grant.metadata;
    v_entry := tenantry.append_entry(v_entry, p_at);
    insert into tenantry.credit_lots (
        organization_id, id, transaction_type, source, source_id, amount, remaining, priority, effective_at,
        expires_at, entry_number
    )
    values (
        p_grant.organization_id, p_grant.id, p_grant.transaction_type, p_grant.source, p_grant.source_id,
        p_grant.amount, p_grant.amount, p_grant.priority, p_grant.effective_at, p_grant.expires_at,
        v_entry.entry_number
    );
end
$$;

comment on function tenantry.apply_pending_grant(tenantry.pending_grants, timestamptz) is
    'Writes the entry and the lot of a pending grant that is due. The caller holds the account''s lock.';
revoke all on function tenantry.apply_pending_grant from public, anon, authenticated, service_role;
