-- Sets credits aside for work under way, for a limited time.
--
-- Locks: the organization's row. An account with something due is settled.
-- Raises: TN001, TN002, TN009, TN011, TN012, TN013, 42501.
-- Callers: holders of credits:consume in the organization.
--
-- The function sets enable_seqscan off, because a connection keeps its plans: a plan from a time when a table was small
-- must not read all of it later. It sets jit off, because before PostgreSQL 18 a table without an index then looks
-- expensive enough to compile the query.
create or replace function tenantry.hold_credits(
    p_organization_id uuid,
    p_credit_event text,
    p_quantity integer,
    p_amount integer,
    p_time_to_live interval,
    p_description text,
    p_metadata jsonb,
    p_request_id text
) returns public.credit_hold
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
    v_time_to_live constant interval := coalesce(p_time_to_live, interval '15 minutes');
    v_charge record;
    v_account public.organizations;
    v_arguments jsonb;
    v_id uuid;
    v_hold tenantry.credit_holds;
    v_now timestamptz;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.authorize('credits:consume', p_organization_id);
    perform tenantry.require_entry_fields('hold', null, p_metadata, p_request_id);
    v_charge := tenantry.price_charge(p_credit_event, p_quantity, p_amount);
    perform tenantry.require_time_to_live(v_time_to_live);
    perform tenantry.require_hold_life(p_organization_id, v_time_to_live);

    -- The price of an event is no argument: it may change before the call is repeated.
    v_arguments := jsonb_build_object(
        'credit_event_id', v_charge.credit_event_id, 'quantity', v_charge.quantity, 'amount', p_amount,
        'time_to_live', extract(epoch from v_time_to_live), 'description', p_description, 'metadata', p_metadata);

    loop
        v_id := tenantry.find_replayed_request(p_organization_id, p_request_id, 'hold_credits', v_arguments);
        if v_id is not null then
            select * into v_hold
            from tenantry.credit_holds as h
            where h.organization_id = p_organization_id and h.id = v_id;
            return tenantry.present_hold(v_hold, tenantry.clock());
        end if;
        if v_account.id is not null then
            perform tenantry.require_spendable(v_account, v_charge.amount);
        end if;
        if not v_charge.is_active then
            perform tenantry.fail_credit_event_inactive(v_charge.credit_event_id);
        end if;

        v_now := tenantry.clock();
        update public.organizations as o
        set credits_reserved = o.credits_reserved + v_charge.amount,
            credits_settle_at = least(o.credits_settle_at, v_now + v_time_to_live)
        where o.id = p_organization_id
          and o.is_active
          and (o.credits_settle_at <= tenantry.clock()) is not true
          and o.credit_balance - o.credits_reserved >= v_charge.amount
        returning * into v_account;
        if not found then
            v_account := tenantry.settle_if_due(p_organization_id);
            continue;
        end if;

        v_id := tenantry.uuid_v7();
        if not tenantry.record_request(p_organization_id, p_request_id, 'hold_credits', v_arguments, v_id) then
            -- Another call recorded the request_id while this call waited for the lock.
            update public.organizations as o
            set credits_reserved = o.credits_reserved - v_charge.amount
            where o.id = p_organization_id;
            continue;
        end if;
        -- The time is read again, because the wait for the lock may have been long: credits that expired meanwhile
        -- could not be held.
        v_now := tenantry.account_time(v_account);
        insert into tenantry.credit_holds (
            organization_id, id, amount, remaining, credit_event_id, quantity, description, metadata, idempotency_key,
            created_at, expires_at
        )
        values (
            p_organization_id, v_id, v_charge.amount, v_charge.amount, v_charge.credit_event_id, v_charge.quantity,
            p_description, p_metadata, p_request_id, v_now, v_now + v_time_to_live
        )
        returning * into v_hold;
        perform tenantry.on_balance_fall(v_account, v_charge.amount, 0);
        return tenantry.present_hold(v_hold, v_now);
    end loop;
end
$$;

comment on function tenantry.hold_credits(uuid, text, integer, integer, interval, text, jsonb, text) is
    'Checks the permission and the arguments, reserves the credits if the account allows it, and makes the hold.';
revoke all on function tenantry.hold_credits from public, anon, authenticated, service_role;
grant execute on function tenantry.hold_credits to authenticated, service_role;

create or replace function public.hold_credits(
    organization_id uuid default null,
    credit_event text default null,
    quantity integer default null,
    amount integer default null,
    time_to_live interval default null,
    description text default null,
    metadata jsonb default null,
    request_id text default null
) returns public.credit_hold
language sql volatile
return tenantry.hold_credits(
    organization_id, credit_event, quantity, amount, time_to_live, description, metadata, request_id);

comment on function public.hold_credits(uuid, text, integer, integer, interval, text, jsonb, text) is
    'Sets credits aside. credit_event, quantity, amount: as for consume_credits. time_to_live: after which the hold'
    ' lapses, 15 minutes unless given, at most max_hold_minutes (31 days unless the setting differs), 366'
    ' days for holders of credits:grant. request_id: the same id makes one hold and returns it again.'
    ' Raises TN001, TN002, TN009 (insufficient credits), TN011, TN012, TN013, 42501.';
revoke all on function public.hold_credits from public, anon, authenticated, service_role;
grant execute on function public.hold_credits to authenticated, service_role;
