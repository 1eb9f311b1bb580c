-- Writes an entry of any type and source, under the rules of the special functions.
--
-- earned, purchased and refunded open a lot. consumed spends as consume_credits() does. expired and revoked take
-- credits from the lots in spending order; the origin of the lots does not matter.
--
-- Locks: the organization's row.
-- Raises: TN001, TN002, TN009, TN010, TN011, TN012, TN013, TN017, 42501.
-- Callers: holders of credits:grant in the organization.
create or replace function tenantry.create_credit_transaction(
    p_organization_id uuid,
    p_transaction_type text,
    p_amount integer,
    p_source text,
    p_source_id uuid,
    p_credit_event text,
    p_expires_at timestamptz,
    p_stripe_payment_intent_id text,
    p_description text,
    p_metadata jsonb,
    p_request_id text
) returns public.credit_transactions
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_adds constant boolean := p_transaction_type in ('earned', 'purchased', 'refunded');
    v_new public.credit_transactions;
    v_entry public.credit_transactions;
    v_event public.credit_events;
    v_account public.organizations;
    v_arguments jsonb;
    v_made uuid;
    v_now timestamptz;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.authorize('credits:grant', p_organization_id);
    if p_transaction_type is null
        or p_transaction_type not in ('earned', 'purchased', 'refunded', 'consumed', 'expired', 'revoked') then
        perform tenantry.fail_invalid(
            'transaction_type', 'must be earned, purchased, refunded, consumed, expired or revoked');
    elsif p_amount is null or p_amount = 0 or p_amount = -2147483648 or (p_amount > 0) <> v_adds then
        perform tenantry.fail_invalid('amount', format(
            'must be %s 0 for %s', case when v_adds then 'greater than' else 'less than' end, p_transaction_type));
    elsif p_expires_at is not null and not v_adds then
        perform tenantry.fail_invalid('expires_at', 'is for entries that add credits');
    end if;
    perform tenantry.require_entry_fields(p_source, p_stripe_payment_intent_id, p_metadata, p_request_id);
    if p_credit_event is not null then
        v_event := tenantry.find_credit_event(p_credit_event);
    end if;
    v_new.organization_id := p_organization_id;
    v_new.transaction_type := p_transaction_type;
    v_new.amount := p_amount;
    v_new.source := p_source;
    v_new.source_id := p_source_id;
    v_new.credit_event_id := v_event.id;
    v_new.expires_at := p_expires_at;
    v_new.stripe_payment_intent_id := p_stripe_payment_intent_id;
    v_new.description := p_description;
    v_new.metadata := p_metadata;
    v_new.idempotency_key := p_request_id;

    if p_transaction_type = 'consumed' then
        v_entry := tenantry.find_replayed_entry(v_new, true);
        return coalesce(v_entry, tenantry.spend_credits(v_new, coalesce(v_event.is_active, true)));
    end if;

    v_arguments := jsonb_build_object(
        'transaction_type', p_transaction_type, 'amount', p_amount, 'source', p_source, 'source_id', p_source_id,
        'credit_event_id', v_event.id, 'expires_at', extract(epoch from p_expires_at),
        'stripe_payment_intent_id', p_stripe_payment_intent_id, 'description', p_description, 'metadata', p_metadata);
    v_account := tenantry.lock_account(p_organization_id);
    v_now := tenantry.account_time(v_account);
    v_made := tenantry.find_replayed_request(
        p_organization_id, p_request_id, 'create_credit_transaction', v_arguments);
    if v_made is not null then
        select * into v_entry
        from public.credit_transactions as t
        where t.organization_id = p_organization_id and t.id = v_made;
        return v_entry;
    end if;
    if v_adds then
        if p_expires_at <= v_now then
            perform tenantry.fail_invalid('expires_at', 'must lie in the future');
        end if;
        if p_transaction_type = 'refunded' and p_source = 'refund' then
            select * into v_entry
            from public.credit_transactions as t
            where t.organization_id = p_organization_id and t.id = p_source_id;
            if v_entry.transaction_type = 'consumed' then
                perform tenantry.require_refundable(v_entry, p_amount);
            elsif found then
                perform tenantry.fail_invalid('source_id', 'is an entry that spent nothing, so it cannot be refunded');
            end if;
        end if;
        perform tenantry.require_balance_in_range(v_account, p_amount);
        v_entry := tenantry.open_lot(v_new, null, v_now);
    else
        if v_account.credit_balance - v_account.credits_reserved < - p_amount then
            perform tenantry.fail_insufficient_credits(v_account, - p_amount);
        end if;
        v_entry := tenantry.append_entry(v_new, v_now);
        perform tenantry.debit_lots(v_entry);
        perform tenantry.schedule_settlement(p_organization_id);
    end if;
    perform tenantry.record_request(
        p_organization_id, p_request_id, 'create_credit_transaction', v_arguments, v_entry.id);
    return v_entry;
end
$$;

comment on function tenantry.create_credit_transaction(
    uuid, text, integer, text, uuid, text, timestamptz, text, text, jsonb, text
) is
    'Checks the permission and the arguments, and writes the entry and its lots.';
revoke all on function tenantry.create_credit_transaction from public, anon, authenticated, service_role;
grant execute on function tenantry.create_credit_transaction to authenticated, service_role;

create or replace function public.create_credit_transaction(
    organization_id uuid default null,
    transaction_type text default null,
    amount integer default null,
    source text default null,
    source_id uuid default null,
    credit_event text default null,
    expires_at timestamptz default null,
    stripe_payment_intent_id text default null,
    description text default null,
    metadata jsonb default null,
    request_id text default null
) returns public.credit_transactions
language sql volatile
return tenantry.create_credit_transaction(
    organization_id, transaction_type, amount, source, source_id, credit_event, expires_at,
    stripe_payment_intent_id, description, metadata, request_id);

comment on function public.create_credit_transaction(
    uuid, text, integer, text, uuid, text, timestamptz, text, text, jsonb, text
) is
    'Makes an entry of any type and source. transaction_type: earned, purchased, refunded (amount above 0); consumed,'
    ' expired, revoked (below 0). amount: credits. source: a word of your own. credit_event: id or name, as a note;'
    ' its cost does not set the amount. expires_at: for added credits. request_id: the same id makes one entry and'
    ' returns it again. Raises TN001, TN002, TN009, TN010, TN011, TN012, TN013, TN017, 42501.';
revoke all on function public.create_credit_transaction from public, anon, authenticated, service_role;
grant execute on function public.create_credit_transaction to authenticated, service_role;
