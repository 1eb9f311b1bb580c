-- Takes back credits of a grant or purchase, as after a returned or disputed payment.
--
-- It takes the rest of that lot, then credits of the other lots in spending order, and never goes below zero. Credits
-- that are spent already cannot be taken: the function returns and records them as the shortfall. Held credits are
-- taken, and the hold stays: revoke_from_lot() says how. A capture can still spend them, and they are a shortfall then.
-- A repeated call shows it. A pending grant becomes smaller before it takes effect.
--
-- Locks: the organization's row. The account is settled first.
-- Raises: TN001, TN002, TN011, TN019 (not a grant or purchase), TN020 (more than was granted), 42501.
-- Callers: holders of credits:revoke in the organization.
create or replace function tenantry.revoke_credits(
    p_organization_id uuid,
    p_credit_transaction_id uuid,
    p_amount integer,
    p_description text,
    p_metadata jsonb,
    p_request_id text,
    out transaction public.credit_transactions,
    out revoked integer,
    out shortfall integer
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    -- Without the amount: to leave it out and to give the number that it came to are the same request.
    v_arguments constant jsonb := jsonb_build_object(
        'credit_transaction_id', p_credit_transaction_id, 'description', p_description, 'metadata', p_metadata);
    v_made uuid;
    v_entry public.credit_transactions;
    v_granted integer;
    v_revoked_before bigint := 0;
    v_is_pending boolean;
    v_amount integer;
    v_revocation tenantry.credit_revocations;
    v_now timestamptz;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    elsif p_credit_transaction_id is null then
        perform tenantry.fail_invalid('credit_transaction_id', 'is required');
    end if;
    perform tenantry.authorize('credits:revoke', p_organization_id);
    if p_amount <= 0 then
        perform tenantry.fail_invalid('amount', 'must be greater than 0');
    end if;
    perform tenantry.require_entry_fields('revocation', null, p_metadata, p_request_id);
    v_now := tenantry.account_time(tenantry.lock_account(p_organization_id));

    v_made := tenantry.find_replayed_request(p_organization_id, p_request_id, 'revoke_credits', v_arguments);
    if v_made is not null then
        select * into v_revocation
        from tenantry.credit_revocations as r
        where r.organization_id = p_organization_id and r.id = v_made;
        if v_revocation.amount <> p_amount then
            perform tenantry.fail_request_id_reused(p_request_id, p_organization_id);
        end if;
    else
        select l.amount, false into v_granted, v_is_pending
        from tenantry.credit_lots as l
        where l.organization_id = p_organization_id and l.id = p_credit_transaction_id;
        if found then
            select coalesce(sum(r.amount), 0) into v_revoked_before
            from tenantry.credit_revocations as r
            where r.organization_id = p_organization_id and r.lot_id = p_credit_transaction_id;
        else
            select g.amount, true, case when g.cancelled_at is null then 0 else g.amount end
            into v_granted, v_is_pending, v_revoked_before
            from tenantry.pending_grants as g
            where g.organization_id = p_organization_id and g.id = p_credit_transaction_id;
        end if;
        if v_granted is null then
            select * into v_entry
            from public.credit_transactions as t
            where t.organization_id = p_organization_id and t.id = p_credit_transaction_id;
            if not found then
                perform tenantry.fail_not_found('credit_transaction', p_credit_transaction_id::text);
            end if;
            perform tenantry.fail_wrong_transaction_type(v_entry, 'a grant or purchase can be revoked');
        end if;
        v_amount := coalesce(p_amount, v_granted - v_revoked_before);
        if v_amount <= 0 or v_revoked_before + v_amount > v_granted then
            perform tenantry.fail(
                'TN020', format(
                    '%s credits were granted and %s revoked already, so %s can be',
                    v_granted, v_revoked_before, v_granted - v_revoked_before),
                jsonb_build_object(
                    'credit_transaction_id', p_credit_transaction_id, 'granted', v_granted,
                    'revoked', v_revoked_before, 'amount', p_amount));
        end if;
        if v_is_pending then
            v_revocation := tenantry.revoke_from_pending_grant(
                p_organization_id, p_credit_transaction_id, v_amount, p_description, p_metadata, v_now);
        else
            v_revocation := tenantry.revoke_from_lot(
                p_organization_id, p_credit_transaction_id, v_amount, null, p_description, p_metadata, p_request_id,
                v_now);
        end if;
        perform tenantry.record_request(
            p_organization_id, p_request_id, 'revoke_credits', v_arguments, v_revocation.id);
    end if;
    if v_revocation.credit_transaction_id is not null then
        select * into transaction
        from public.credit_transactions as t
        where t.id = v_revocation.credit_transaction_id;
    end if;
    revoked := v_revocation.revoked - v_revocation.reclaimed;
    shortfall := v_revocation.amount - revoked;
end
$$;

comment on function tenantry.revoke_credits(uuid, uuid, integer, text, jsonb, text) is
    'Checks the permission and the grant, and takes the credits of its lot or of the pending grant.';
revoke all on function tenantry.revoke_credits from public, anon, authenticated, service_role;
grant execute on function tenantry.revoke_credits to authenticated, service_role;

create or replace function public.revoke_credits(
    organization_id uuid default null,
    credit_transaction_id uuid default null,
    amount integer default null,
    description text default null,
    metadata jsonb default null,
    request_id text default null,
    out transaction public.credit_transactions,
    out revoked integer,
    out shortfall integer
)
language sql volatile
begin atomic
    select r.transaction, r.revoked, r.shortfall
    from tenantry.revoke_credits(
        organization_id, credit_transaction_id, amount, description, metadata, request_id) as r;
end;

comment on function public.revoke_credits(uuid, uuid, integer, text, jsonb, text) is
    'Takes back granted or purchased credits: returns the entry (null if none could be taken), the credits taken and'
    ' the shortfall. credit_transaction_id: the grant or purchase. amount: credits, above 0; all that is not revoked'
    ' yet unless given. request_id: the same id revokes once. Raises TN001, TN002, TN011, TN019 (not a grant or'
    ' purchase), TN020 (more than was granted), 42501.';
revoke all on function public.revoke_credits from public, anon, authenticated, service_role;
grant execute on function public.revoke_credits to authenticated, service_role;
