-- What an organization can spend now, as if everything that has fallen due were settled.
--
-- Writes nothing. Raises TN001, TN002, 42501. Callers: who holds credits:read there.
create or replace function tenantry.get_credit_balance(
    p_organization_id uuid,
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
    v_account public.organizations;
    v_now constant timestamptz := tenantry.clock();
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.authorize('credits:read', p_organization_id);
    select * into v_account from public.organizations where id = p_organization_id;
    if not found then
        perform tenantry.fail_not_found('organization', p_organization_id::text);
    end if;
    select
        coalesce(sum(l.remaining), 0),
        coalesce(sum(l.remaining) filter (where l.transaction_type = 'purchased'), 0),
        coalesce(sum(l.remaining) filter (where l.transaction_type = 'earned'), 0),
        min(l.expires_at) filter (where l.remaining > 0 and l.expires_at > v_now and l.expires_at < 'infinity')
    into balance, purchased, granted, next_expiry_at
    from tenantry.project_lots(v_account, v_now) as l;

    select coalesce(sum(l.remaining), 0) into next_expiry_amount
    from tenantry.project_lots(v_account, v_now) as l
    where l.expires_at = next_expiry_at;

    select coalesce(sum(h.remaining), 0) into held
    from tenantry.credit_holds as h
    where h.organization_id = p_organization_id and h.state = 'active' and h.expires_at > v_now;
    available := balance - held;
end
$$;

comment on function tenantry.get_credit_balance(uuid) is 'Definer half of public.get_credit_balance.';
revoke all on function tenantry.get_credit_balance from public;
grant execute on function tenantry.get_credit_balance to authenticated, service_role;

create or replace function public.get_credit_balance(
    organization_id uuid default null,
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
    from tenantry.get_credit_balance(organization_id) as b;
end;

comment on function public.get_credit_balance(uuid) is
    'The organization''s credits now. balance: all; held: under holds; available: balance - held; purchased and'
    ' granted: the balance by whether it was paid for; next_expiry_at, next_expiry_amount: when credits expire next,'
    ' and how many. Raises TN001, TN002, 42501.';
revoke all on function public.get_credit_balance from public, anon, authenticated, service_role;
grant execute on function public.get_credit_balance to authenticated, service_role;
