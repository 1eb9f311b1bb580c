-- What an organization can spend, now or at a past moment, as if everything that had fallen due were settled.
--
-- Writes nothing. Raises TN001, TN002, 42501. Callers: who holds credits:read there.
create or replace function tenantry.get_credit_balance(
    p_organization_id uuid,
    p_as_of timestamptz,
    out balance integer,
    out held integer,
    out available integer,
    out purchased integer,
    out granted integer,
    out next_expiry_at timestamptz,
    out next_expiry_amount integer
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := tenantry.clock();
    v_at constant timestamptz := coalesce(p_as_of, v_now);
    v_account public.organizations;
begin
    v_account := tenantry.read_account(p_organization_id);
    if p_as_of > v_now then
        perform tenantry.fail_invalid('as_of', 'must not lie in the future');
    end if;
    with lots as (
        select l.transaction_type, l.remaining, l.expires_at from tenantry.lots_at(v_account, v_at) as l
    ),
    next_expiry as (
        select min(lots.expires_at) as at
        from lots
        where lots.remaining > 0 and lots.expires_at > v_at and lots.expires_at < 'infinity'
    )
    select
        -- A period that begins brings no more than the account can hold.
        least(coalesce(sum(lots.remaining), 0), 2147483647),
        coalesce(sum(lots.remaining) filter (where lots.transaction_type = 'purchased'), 0),
        least(coalesce(sum(lots.remaining) filter (where lots.transaction_type = 'earned'), 0), 2147483647),
        (select at from next_expiry),
        coalesce(sum(lots.remaining) filter (where lots.expires_at = (select at from next_expiry)), 0)
    into balance, purchased, granted, next_expiry_at, next_expiry_amount
    from lots;

    if p_as_of is null then
        select coalesce(sum(h.remaining), 0) into held
        from tenantry.credit_holds as h
        where h.organization_id = p_organization_id and h.state = 'active' and h.expires_at > v_now;
    else
        select coalesce(sum(greatest(h.amount - captured.amount, 0)), 0) into held
        from tenantry.credit_holds as h
        cross join lateral (
            select coalesce(sum(- t.amount), 0) as amount
            from public.credit_transactions as t
            where t.organization_id = p_organization_id and t.source = 'hold' and t.source_id = h.id
              and t.created_at <= v_at
        ) as captured
        where h.organization_id = p_organization_id
          and h.created_at <= v_at and h.expires_at > v_at and coalesce(h.ended_at, 'infinity') > v_at;
    end if;
    available := balance - held;
end
$$;

comment on function tenantry.get_credit_balance(uuid, timestamptz) is 'Definer half of public.get_credit_balance.';
revoke all on function tenantry.get_credit_balance from public, anon, authenticated, service_role;
grant execute on function tenantry.get_credit_balance to authenticated, service_role;

create or replace function public.get_credit_balance(
    organization_id uuid default null,
    as_of timestamptz default null,
    out balance integer,
    out held integer,
    out available integer,
    out purchased integer,
    out granted integer,
    out next_expiry_at timestamptz,
    out next_expiry_amount integer
)
language sql stable
begin atomic
    select b.balance, b.held, b.available, b.purchased, b.granted, b.next_expiry_at, b.next_expiry_amount
    from tenantry.get_credit_balance(organization_id, as_of) as b;
end;

comment on function public.get_credit_balance(uuid, timestamptz) is
    'The organization''s credits, now or as_of a past moment. balance: all; held: under holds; available: balance - held;'
    ' purchased and granted: the balance by whether it was paid for; next_expiry_at, next_expiry_amount: when credits'
    ' expire next, and how many. Raises TN001, TN002, 42501.';
revoke all on function public.get_credit_balance from public, anon, authenticated, service_role;
grant execute on function public.get_credit_balance to authenticated, service_role;
