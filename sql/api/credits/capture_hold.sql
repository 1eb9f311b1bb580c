-- Spends credits of a hold: all, a part, or in several parts.
--
-- Credits that have expired since the hold was made, and that the hold kept, are spent first. A capture of more than
-- the hold has takes the rest from the available credits, if the caller allows it. If held credits were revoked and the
-- account lacks them now, the revocation gives them back as its shortfall.
--
-- Locks: the organization's row. The account is settled first, so that a hold has lapsed after its time.
-- Raises: TN001, TN002, TN009 (no credits for the overage), TN011, TN012 (overage of an inactive organization), TN016
-- (hold not active), TN018, 42501.
-- Callers: holders of credits:consume in the organization.
--
-- The function sets enable_seqscan off, because a connection keeps its plans: a plan from a time when a table was small
-- must not read all of it later. It sets jit off, because before PostgreSQL 18 a table without an index then looks
-- expensive enough to compile the query.
create or replace function tenantry.capture_hold(
    p_organization_id uuid,
    p_hold_id uuid,
    p_amount integer,
    p_release_remainder boolean,
    p_allow_overage boolean,
    p_description text,
    p_metadata jsonb,
    p_request_id text,
    out transaction public.credit_transactions,
    out hold public.credit_hold
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
    v_locked record;
    v_hold tenantry.credit_holds;
    v_account public.organizations;
    v_new public.credit_transactions;
    v_amount integer;
    v_ended integer;
    -- Credits that a revocation took and that the account lacks for this capture.
    v_lacking integer := 0;
    v_now timestamptz;
begin
    if p_amount <= 0 then
        perform tenantry.fail_invalid('amount', 'must be greater than 0');
    end if;
    perform tenantry.require_entry_fields('hold', null, p_metadata, p_request_id);
    v_locked := tenantry.lock_hold(p_organization_id, p_hold_id);
    v_hold := v_locked.hold;
    v_account := v_locked.account;
    v_now := tenantry.account_time(v_account);
    v_amount := coalesce(p_amount, v_hold.remaining);
    v_new.organization_id := p_organization_id;
    v_new.transaction_type := 'consumed';
    v_new.amount := - v_amount;
    v_new.source := 'hold';
    v_new.source_id := p_hold_id;
    v_new.credit_event_id := v_hold.credit_event_id;
    v_new.description := p_description;
    v_new.metadata := p_metadata;
    v_new.idempotency_key := p_request_id;
    transaction := tenantry.find_replayed_entry(v_new, p_amount is not null);
    if (transaction).id is not null then
        hold := tenantry.present_hold(v_hold, v_now);
        return;
    end if;

    if v_hold.state <> 'active' then
        perform tenantry.fail_hold_not_active(v_hold);
    end if;
    if v_amount > v_hold.remaining then
        if not coalesce(p_allow_overage, false) then
            perform tenantry.fail(
                'TN018', format('%s credits are held, %s were to be captured', v_hold.remaining, v_amount),
                jsonb_build_object('hold_id', p_hold_id, 'held', v_hold.remaining, 'amount', v_amount),
                'Capture less, or set allow_overage.');
        end if;
        if not v_account.is_active then
            perform tenantry.fail_organization_inactive(p_organization_id);
        elsif v_account.credit_balance - v_account.credits_reserved < v_amount - v_hold.remaining then
            perform tenantry.fail_insufficient_credits(v_account, v_amount - v_hold.remaining);
        end if;
    end if;

    v_ended := case when p_release_remainder then v_hold.remaining else least(v_amount, v_hold.remaining) end;
    update public.organizations set credits_reserved = credits_reserved - v_ended where id = p_organization_id;
    update tenantry.credit_holds as h
    set remaining = h.remaining - v_ended,
        captured = h.captured + v_amount,
        state = case when h.remaining = v_ended then 'captured' else h.state end,
        ended_at = case when h.remaining = v_ended then v_now end
    where h.organization_id = p_organization_id and h.id = p_hold_id
    returning * into v_hold;
    if v_account.credits_reserved > v_account.credit_balance then
        select greatest(v_amount - coalesce(sum(l.remaining), 0), 0) into v_lacking
        from tenantry.credit_lots as l
        where l.organization_id = p_organization_id and l.remaining > 0
          and (l.expired_at is null or l.expires_at > v_hold.created_at);
        perform tenantry.reclaim_revoked(p_organization_id, v_lacking, v_now);
    end if;
    transaction := tenantry.append_entry(v_new, v_now, v_ended, v_lacking);
    perform tenantry.debit_lots(transaction, p_hold_created_at => v_hold.created_at);
    perform tenantry.expire_lots(p_organization_id, v_now, greatest(v_ended - v_amount, 0));
    perform tenantry.schedule_settlement(p_organization_id);
    hold := tenantry.present_hold(v_hold, v_now);
end
$$;

comment on function tenantry.capture_hold(uuid, uuid, integer, boolean, boolean, text, jsonb, text) is
    'Locks and settles the account, checks the permission and the hold, and writes the consumption.';
revoke all on function tenantry.capture_hold from public, anon, authenticated, service_role;
grant execute on function tenantry.capture_hold to authenticated, service_role;

create or replace function public.capture_hold(
    organization_id uuid default null,
    hold_id uuid default null,
    amount integer default null,
    release_remainder boolean default null,
    allow_overage boolean default null,
    description text default null,
    metadata jsonb default null,
    request_id text default null,
    out transaction public.credit_transactions,
    out hold public.credit_hold
)
language sql volatile
begin atomic
    select c.transaction, c.hold
    from tenantry.capture_hold(
        organization_id, hold_id, amount, release_remainder, allow_overage, description, metadata, request_id) as c;
end;

comment on function public.capture_hold(uuid, uuid, integer, boolean, boolean, text, jsonb, text) is
    'Spends held credits; returns the entry and the hold. amount: credits, above 0; all held credits unless given.'
    ' release_remainder: ends the hold and frees its rest. allow_overage: amount may be more than the held credits, if'
    ' the available credits cover the difference. request_id: the same id makes one entry and returns it again. Raises'
    ' TN001, TN002, TN009, TN011, TN012 (organization inactive), TN016 (hold not active), TN018 (more than is held),'
    ' 42501.';
revoke all on function public.capture_hold from public, anon, authenticated, service_role;
grant execute on function public.capture_hold to authenticated, service_role;
