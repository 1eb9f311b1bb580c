-- Gives back spent credits: all or part of a consumption, several times, never more than it spent.
--
-- The credits go back to the lots that they came from, with their expiry, the last spent first. For a lot that has
-- expired since, the credits come as a new lot of the same kind (purchased or earned). It lives for the grace period.
--
-- Locks: the organization's row. The account is settled first.
-- Raises: TN001, TN002, TN010, TN011, TN017 (more than was spent), TN019 (not a consumption), 42501.
-- Callers: holders of credits:refund in the organization.
create or replace function tenantry.refund_credits(
    p_organization_id uuid,
    p_credit_transaction_id uuid,
    p_amount integer,
    p_grace_period interval,
    p_description text,
    p_metadata jsonb,
    p_request_id text
) returns public.credit_transactions
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_grace constant interval := coalesce(p_grace_period, interval '30 days');
    v_account public.organizations;
    v_spent public.credit_transactions;
    v_arguments jsonb;
    v_made uuid;
    v_new public.credit_transactions;
    v_entry public.credit_transactions;
    v_refunded bigint;
    v_now timestamptz;
    v_part record;
    v_balance integer;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    elsif p_credit_transaction_id is null then
        perform tenantry.fail_invalid('credit_transaction_id', 'is required');
    end if;
    perform tenantry.authorize('credits:refund', p_organization_id);
    if p_amount <= 0 then
        perform tenantry.fail_invalid('amount', 'must be greater than 0');
    end if;
    perform tenantry.require_time_to_live(v_grace, 'grace_period', 3660);
    perform tenantry.require_entry_fields('refund', null, p_metadata, p_request_id);
    v_account := tenantry.lock_account(p_organization_id);
    v_now := tenantry.account_time(v_account);
    select * into v_spent
    from public.credit_transactions as t
    where t.organization_id = p_organization_id and t.id = p_credit_transaction_id;
    if not found then
        perform tenantry.fail_not_found('credit_transaction', p_credit_transaction_id::text);
    elsif v_spent.transaction_type <> 'consumed' then
        perform tenantry.fail_wrong_transaction_type(v_spent, 'a consumption can be refunded');
    end if;
    -- Without the amount: to leave it out and to give the number that it came to are the same request.
    v_arguments := jsonb_build_object(
        'credit_transaction_id', p_credit_transaction_id, 'grace_period', extract(epoch from v_grace),
        'description', p_description, 'metadata', p_metadata);
    v_made := tenantry.find_replayed_request(p_organization_id, p_request_id, 'refund_credits', v_arguments);
    if v_made is not null then
        select * into v_entry
        from public.credit_transactions as t
        where t.organization_id = p_organization_id and t.id = v_made;
        if v_entry.amount <> p_amount then
            perform tenantry.fail_request_id_reused(p_request_id, p_organization_id);
        end if;
        return v_entry;
    end if;
    v_new.organization_id := p_organization_id;
    v_new.transaction_type := 'refunded';
    v_new.source := 'refund';
    v_new.source_id := p_credit_transaction_id;
    v_new.credit_event_id := v_spent.credit_event_id;
    v_new.description := p_description;
    v_new.metadata := p_metadata;
    v_new.idempotency_key := p_request_id;
    v_refunded := tenantry.require_refundable(v_spent, p_amount);
    v_new.amount := coalesce(p_amount, - v_spent.amount - v_refunded);
    perform tenantry.require_balance_in_range(v_account, v_new.amount);

    v_entry := tenantry.append_entry(v_new, v_now);
    v_balance := v_entry.balance_after - v_entry.amount;
    -- The consumption lowered the balance step by step. Refunds raise it again from the lowest step, which was spent
    -- last. The spans say which lot gave each step.
    for v_part in
        select
            l.id, l.expired_at is null and l.expires_at > v_now as is_open, l.transaction_type,
            least(s.balance_to, v_spent.balance_after + v_refunded + v_entry.amount)
                - greatest(s.balance_from, v_spent.balance_after + v_refunded) as amount
        from tenantry.credit_allocations as s
        join tenantry.credit_lots as l on l.organization_id = s.organization_id and l.id = s.lot_id
        where s.organization_id = p_organization_id and not s.is_return
          and v_spent.entry_number between s.from_entry and s.to_entry
          and s.balance_from < v_spent.balance_after + v_refunded + v_entry.amount
          and s.balance_to > v_spent.balance_after + v_refunded
        order by s.balance_from
    loop
        if v_part.is_open then
            insert into tenantry.credit_allocations (
                organization_id, lot_id, from_entry, to_entry, balance_from, balance_to, is_return
            )
            values (
                p_organization_id, v_part.id, v_entry.entry_number, v_entry.entry_number,
                v_balance, v_balance + v_part.amount, true
            );
            update tenantry.credit_lots as l
            set remaining = l.remaining + v_part.amount
            where l.organization_id = p_organization_id and l.id = v_part.id;
        else
            insert into tenantry.credit_lots (
                organization_id, id, transaction_type, source, source_id, amount, remaining, effective_at,
                expires_at, entry_number
            )
            values (
                p_organization_id, tenantry.uuid_v7(), v_part.transaction_type, 'refund', v_part.id,
                v_part.amount, v_part.amount, v_entry.created_at, v_entry.created_at + v_grace, v_entry.entry_number
            );
        end if;
        v_balance := v_balance + v_part.amount;
    end loop;
    perform tenantry.schedule_settlement(p_organization_id);
    perform tenantry.record_request(p_organization_id, p_request_id, 'refund_credits', v_arguments, v_entry.id);
    return v_entry;
end
$$;

comment on function tenantry.refund_credits(uuid, uuid, integer, interval, text, jsonb, text) is
    'Checks the permission and the consumption, and returns the credits to their lots.';
revoke all on function tenantry.refund_credits from public, anon, authenticated, service_role;
grant execute on function tenantry.refund_credits to authenticated, service_role;

create or replace function public.refund_credits(
    organization_id uuid default null,
    credit_transaction_id uuid default null,
    amount integer default null,
    grace_period interval default null,
    description text default null,
    metadata jsonb default null,
    request_id text default null
) returns public.credit_transactions
language sql volatile
return tenantry.refund_credits(
    organization_id, credit_transaction_id, amount, grace_period, description, metadata, request_id);

comment on function public.refund_credits(uuid, uuid, integer, interval, text, jsonb, text) is
    'Gives back credits that an entry spent, to the lots that they came from. credit_transaction_id: the consumption.'
    ' amount: credits, above 0; all that is not refunded yet unless given. grace_period: life of the credits of a lot'
    ' that has expired, 30 days unless given. request_id: the same id makes one entry and returns it again. Raises'
    ' TN001, TN002, TN010, TN011, TN017 (more than was spent), TN019 (not a consumption), 42501.';
revoke all on function public.refund_credits from public, anon, authenticated, service_role;
grant execute on function public.refund_credits to authenticated, service_role;
