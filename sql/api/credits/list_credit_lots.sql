-- Lists an organization's lots in spending order, as if all due changes were settled, in keyset pages. Pending grants
-- are among them.
--
-- Locks: nothing. It writes nothing.
-- Raises: TN001, TN002, TN003, 42501.
-- Callers: holders of credits:read in the organization.
create or replace function tenantry.list_credit_lots(
    p_organization_id uuid,
    p_transaction_type text,
    p_include_closed boolean,
    p_expires_before timestamptz,
    p_page_size integer,
    p_page_token text,
    out lots public.credit_lot[],
    out next_page_token text
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_size integer := tenantry.resolve_page_size(p_page_size);
    v_scope constant text := format('credit_lots %s', jsonb_build_array(
        p_organization_id, p_transaction_type, p_include_closed, p_expires_before));
    v_after constant jsonb := tenantry.decode_page_token(p_page_token, v_scope);
    v_now timestamptz;
    v_account public.organizations;
    v_keys jsonb[];
begin
    v_account := tenantry.read_account(p_organization_id);
    v_now := tenantry.account_time(v_account);
    if p_transaction_type not in ('earned', 'purchased') then
        perform tenantry.fail_invalid('transaction_type', 'must be earned or purchased');
    end if;
    with projected as (
        select p.lot, p.remaining from tenantry.project_lots(v_account, v_now) as p
        union all
        -- The projection leaves out lots that are closed and grants that are cancelled or still to come.
        select l, l.remaining from tenantry.credit_lots as l
        where l.organization_id = p_organization_id and l.remaining = 0
        union all
        select l, l.remaining
        from tenantry.pending_grants as g
        cross join lateral tenantry.build_pending_lot(g) as l
        where g.organization_id = p_organization_id and (g.cancelled_at is not null or g.effective_at > v_now)
    ),
    ordered as (
        select
            p.lot, p.remaining, (p.lot).id, (p.lot).transaction_type, (p.lot).priority, (p.lot).effective_at,
            (p.lot).expires_at
        from projected as p
    ),
    page as (
        select o.*
        from ordered as o
        where (coalesce(p_include_closed, false) or o.remaining > 0)
          and (p_transaction_type is null or o.transaction_type = p_transaction_type)
          and (p_expires_before is null or o.expires_at < p_expires_before)
          and (v_after is null or (o.expires_at, o.priority, o.effective_at, o.id) > (
              (v_after ->> 0)::timestamptz, (v_after ->> 1)::smallint,
              (v_after ->> 2)::timestamptz, (v_after ->> 3)::uuid))
        order by o.expires_at, o.priority, o.effective_at, o.id
        limit v_size + 1
    )
    select
        coalesce(array_agg(tenantry.present_lot(p.lot, p.remaining, v_now)
            order by p.expires_at, p.priority, p.effective_at, p.id), '{}'),
        array_agg(jsonb_build_array(p.expires_at, p.priority, p.effective_at, p.id)
            order by p.expires_at, p.priority, p.effective_at, p.id)
    into lots, v_keys
    from page as p;
    v_size := tenantry.page_length(lots, v_size);
    if cardinality(lots) > v_size then
        lots := lots[:v_size];
        next_page_token := tenantry.encode_page_token(v_scope, v_keys[v_size]);
    end if;
end
$$;

comment on function tenantry.list_credit_lots(uuid, text, boolean, timestamptz, integer, text) is
    'Checks the permission, and lists lots for public.list_credit_lots and public.list_expiring_credits.';
revoke all on function tenantry.list_credit_lots from public, anon, authenticated, service_role;
grant execute on function tenantry.list_credit_lots to authenticated, service_role;

create or replace function public.list_credit_lots(
    organization_id uuid default null,
    transaction_type text default null,
    include_closed boolean default null,
    page_size integer default null,
    page_token text default null,
    out lots public.credit_lot[],
    out next_page_token text
)
language sql stable
begin atomic
    select l.lots, l.next_page_token
    from tenantry.list_credit_lots(
        organization_id, transaction_type, include_closed, null, page_size, page_token) as l;
end;

comment on function public.list_credit_lots(uuid, text, boolean, integer, text) is
    'The organization''s lots in spending order, with the credits granted, the credits that remain and their expiry.'
    ' transaction_type: only earned or only purchased. include_closed: spent and expired ones too. page_size: rows, 50'
    ' unless given, at most 1000. Raises TN001, TN002, TN003, 42501.';
revoke all on function public.list_credit_lots from public, anon, authenticated, service_role;
grant execute on function public.list_credit_lots to authenticated, service_role;
