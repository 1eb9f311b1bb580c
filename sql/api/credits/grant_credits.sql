-- Adds credits to an organization, now or from a later moment on.
--
-- A grant for now writes an entry and opens a lot. A grant for later is a pending grant: it becomes an entry and a lot
-- when its time has come, and looks like a lot until then.
--
-- Locks: the organization's row. The account is settled first.
-- Raises: TN001, TN002, TN010 (balance out of range), TN011, 42501.
-- Callers: holders of credits:grant in the organization.
create or replace function tenantry.grant_credits(
    p_organization_id uuid,
    p_amount integer,
    p_transaction_type text,
    p_source text,
    p_source_id uuid,
    p_expires_at timestamptz,
    p_effective_at timestamptz,
    p_priority integer,
    p_stripe_payment_intent_id text,
    p_description text,
    p_metadata jsonb,
    p_request_id text,
    out transaction public.credit_transactions,
    out lot public.credit_lot
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_source constant text := coalesce(
        p_source, case when p_transaction_type = 'purchased' then 'purchase' else 'grant' end);
    v_account public.organizations;
    v_new public.credit_transactions;
    v_arguments jsonb;
    v_id uuid;
    v_now timestamptz;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.authorize('credits:grant', p_organization_id);
    if p_amount is null or p_amount <= 0 then
        perform tenantry.fail_invalid('amount', 'must be greater than 0');
    elsif p_transaction_type not in ('earned', 'purchased') then
        perform tenantry.fail_invalid('transaction_type', 'must be earned or purchased');
    elsif p_priority not between -32768 and 32767 then
        perform tenantry.fail_invalid('priority', 'must be between -32768 and 32767');
    end if;
    perform tenantry.require_entry_fields(v_source, p_stripe_payment_intent_id, p_metadata, p_request_id);
    v_new.organization_id := p_organization_id;
    v_new.transaction_type := coalesce(p_transaction_type, 'earned');
    v_new.amount := p_amount;
    v_new.source := v_source;
    v_new.source_id := p_source_id;
    v_new.expires_at := p_expires_at;
    v_new.stripe_payment_intent_id := p_stripe_payment_intent_id;
    v_new.description := p_description;
    v_new.metadata := p_metadata;
    v_new.idempotency_key := p_request_id;
    v_arguments := jsonb_build_object(
        'transaction_type', v_new.transaction_type, 'amount', p_amount, 'source', v_source, 'source_id', p_source_id,
        'expires_at', extract(epoch from coalesce(p_expires_at, 'infinity')),
        'effective_at', extract(epoch from p_effective_at), 'priority', coalesce(p_priority, 0),
        'stripe_payment_intent_id', p_stripe_payment_intent_id, 'description', p_description, 'metadata', p_metadata);

    v_account := tenantry.lock_account(p_organization_id);
    v_now := tenantry.account_time(v_account);
    v_id := tenantry.find_replayed_request(p_organization_id, p_request_id, 'grant_credits', v_arguments);
    if v_id is not null then
        select * into v_new
        from public.credit_transactions as t
        where t.organization_id = p_organization_id and t.id = v_id;
        -- A grant for later has no entry yet.
        if found then
            transaction := v_new;
        end if;
        lot := tenantry.present_grant(p_organization_id, v_id, v_now);
        return;
    end if;

    if p_expires_at <= v_now then
        perform tenantry.fail_invalid('expires_at', 'must lie in the future');
    elsif p_expires_at <= p_effective_at then
        perform tenantry.fail_invalid('expires_at', 'must lie after effective_at');
    end if;
    perform tenantry.require_balance_in_range(v_account, p_amount);

    if p_effective_at > v_now then
        v_id := tenantry.open_pending_grant(v_new, p_priority, p_effective_at);
    else
        transaction := tenantry.open_lot(v_new, p_priority, v_now);
        v_id := (transaction).id;
    end if;
    perform tenantry.record_request(p_organization_id, p_request_id, 'grant_credits', v_arguments, v_id);
    lot := tenantry.present_grant(p_organization_id, v_id, v_now);
end
$$;

comment on function tenantry.grant_credits(
    uuid, integer, text, text, uuid, timestamptz, timestamptz, integer, text, text, jsonb, text
) is
    'Checks the permission and the arguments, and opens the lot or the pending grant.';
revoke all on function tenantry.grant_credits from public, anon, authenticated, service_role;
grant execute on function tenantry.grant_credits to authenticated, service_role;

create or replace function public.grant_credits(
    organization_id uuid default null,
    amount integer default null,
    transaction_type text default null,
    source text default null,
    source_id uuid default null,
    expires_at timestamptz default null,
    effective_at timestamptz default null,
    priority integer default null,
    stripe_payment_intent_id text default null,
    description text default null,
    metadata jsonb default null,
    request_id text default null,
    out transaction public.credit_transactions,
    out lot public.credit_lot
)
language sql volatile
begin atomic
    select g.transaction, g.lot
    from tenantry.grant_credits(
        organization_id, amount, transaction_type, source, source_id, expires_at, effective_at, priority,
        stripe_payment_intent_id, description, metadata, request_id) as g;
end;

comment on function public.grant_credits(
    uuid, integer, text, text, uuid, timestamptz, timestamptz, integer, text, text, jsonb, text
) is
    'Adds credits; returns the entry and the lot that it opened. amount: credits, above 0. transaction_type: earned'
    ' (unless given) or purchased. source: grant or purchase unless given. expires_at: when unspent credits expire;'
    ' null for never. effective_at: when the credits come; now unless given, and until then there is a lot but no'
    ' entry. priority: among credits that expire together the lower is spent first, 0 unless given. request_id: the'
    ' same id makes one grant and returns it again. Raises TN001, TN002, TN010 (balance out of range), TN011'
    ' (request_id used otherwise), 42501.';
revoke all on function public.grant_credits from public, anon, authenticated, service_role;
grant execute on function public.grant_credits to authenticated, service_role;
