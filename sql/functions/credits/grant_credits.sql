-- Adds credits to an organization and opens a lot for them.
--
-- Locks: the organization's row (settled first). Raises TN001, TN002, TN010 (balance out of range), TN011, 42501.
-- Callers: who holds credits:grant there.
create or replace function tenantry.grant_credits(
    p_organization_id uuid,
    p_amount integer,
    p_transaction_type text,
    p_source text,
    p_source_id uuid,
    p_expires_at timestamptz,
    p_priority integer,
    p_stripe_payment_intent_id text,
    p_description text,
    p_metadata jsonb,
    p_request_id text
) returns public.credit_transactions
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_account public.organizations;
    v_replay public.credit_transactions;
    v_entry public.credit_transactions;
    v_now timestamptz;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.authorize('credits:grant', p_organization_id);
    if p_amount is null or p_amount <= 0 then
        perform tenantry.fail_invalid('amount', 'must be greater than 0');
    end if;
    v_entry.organization_id := p_organization_id;
    v_entry.transaction_type := coalesce(p_transaction_type, 'earned');
    v_entry.amount := p_amount;
    v_entry.source := coalesce(
        p_source, case when v_entry.transaction_type = 'purchased' then 'purchase' else 'grant' end);
    v_entry.source_id := p_source_id;
    v_entry.expires_at := p_expires_at;
    v_entry.stripe_payment_intent_id := p_stripe_payment_intent_id;
    v_entry.description := p_description;
    v_entry.metadata := p_metadata;
    v_entry.idempotency_key := p_request_id;
    if v_entry.transaction_type not in ('earned', 'purchased') then
        perform tenantry.fail_invalid('transaction_type', 'must be earned or purchased');
    elsif p_priority not between -32768 and 32767 then
        perform tenantry.fail_invalid('priority', 'must be between -32768 and 32767');
    end if;
    perform tenantry.check_entry(v_entry);

    v_account := tenantry.lock_account(p_organization_id);
    v_replay := tenantry.find_replay(v_entry);
    if v_replay.id is not null then
        return v_replay;
    end if;
    v_now := tenantry.clock();
    if p_expires_at <= v_now then
        perform tenantry.fail_invalid('expires_at', 'must lie in the future');
    end if;
    perform tenantry.check_balance_range(v_account, p_amount);

    v_entry := tenantry.append_entry(v_entry, v_now, true);
    insert into tenantry.credit_lots (
        organization_id, id, transaction_type, source, source_id, amount, remaining, priority,
        effective_at, expires_at, entry_number
    )
    values (
        p_organization_id, v_entry.id, v_entry.transaction_type, v_entry.source, p_source_id, p_amount, p_amount,
        coalesce(p_priority, 0), v_entry.created_at, coalesce(p_expires_at, 'infinity'), v_entry.entry_number
    );
    update public.organizations as o
    set credits_settle_at = p_expires_at
    where o.id = p_organization_id and p_expires_at < coalesce(o.credits_settle_at, 'infinity');
    return v_entry;
end
$$;

comment on function tenantry.grant_credits(
    uuid, integer, text, text, uuid, timestamptz, integer, text, text, jsonb, text
) is 'Definer half of public.grant_credits.';
revoke all on function tenantry.grant_credits from public;
grant execute on function tenantry.grant_credits to authenticated, service_role;

create or replace function public.grant_credits(
    organization_id uuid default null,
    amount integer default null,
    transaction_type text default null,
    source text default null,
    source_id uuid default null,
    expires_at timestamptz default null,
    priority integer default null,
    stripe_payment_intent_id text default null,
    description text default null,
    metadata jsonb default null,
    request_id text default null
) returns public.credit_transactions
language sql volatile
return tenantry.grant_credits(
    organization_id, amount, transaction_type, source, source_id, expires_at, priority,
    stripe_payment_intent_id, description, metadata, request_id);

comment on function public.grant_credits(
    uuid, integer, text, text, uuid, timestamptz, integer, text, text, jsonb, text
) is
    'Adds credits. amount: credits, above 0. transaction_type: earned (unless given) or purchased. source: grant or'
    ' purchase unless given. expires_at: when what is unspent expires; null for never. priority: among credits that'
    ' expire together the lower is spent first, 0 unless given. request_id: the same id makes one entry and returns'
    ' it again. Raises TN001, TN002, TN010 (balance out of range), TN011 (request_id used otherwise), 42501.';
revoke all on function public.grant_credits from public, anon, authenticated, service_role;
grant execute on function public.grant_credits to authenticated, service_role;
