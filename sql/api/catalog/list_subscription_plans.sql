-- Lists plans, oldest first, in keyset pages. Runs as the caller.
--
-- Raises: TN001 (negative page size, no currency code, or no interval), TN003 (page token of another listing).
-- Callers: any signed-in user, and the service.
create or replace function public.list_subscription_plans(
    is_active boolean default null,
    "interval" text default null,
    currency text default null,
    page_size integer default null,
    page_token text default null,
    out subscription_plans public.subscription_plans[],
    out next_page_token text
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_size integer := tenantry.resolve_page_size(page_size);
    v_currency constant text := tenantry.normalize_currency(currency);
    v_scope constant text := format(
        'subscription_plans %s',
        jsonb_build_array(list_subscription_plans.is_active, list_subscription_plans."interval", v_currency));
    v_after constant jsonb := tenantry.decode_page_token(page_token, v_scope);
    v_last public.subscription_plans;
begin
    if list_subscription_plans."interval" not in ('daily', 'weekly', 'monthly', 'annual') then
        perform tenantry.fail_invalid('interval', 'must be daily, weekly, monthly or annual');
    end if;
    select coalesce(array_agg(page.subscription_plan), '{}') into subscription_plans
    from (
        select p as subscription_plan
        from public.subscription_plans as p
        where (list_subscription_plans.is_active is null or p.is_active = list_subscription_plans.is_active)
          and (list_subscription_plans."interval" is null or p.interval = list_subscription_plans."interval")
          and (v_currency is null or p.currency = v_currency)
          and (v_after is null or (p.created_at, p.id) > ((v_after ->> 0)::timestamptz, (v_after ->> 1)::uuid))
        order by p.created_at, p.id
        limit v_size + 1
    ) as page;
    v_size := tenantry.page_length(subscription_plans, v_size);
    if cardinality(subscription_plans) > v_size then
        subscription_plans := subscription_plans[:v_size];
        v_last := subscription_plans[v_size];
        next_page_token := tenantry.encode_page_token(v_scope, jsonb_build_array(v_last.created_at, v_last.id));
    end if;
end
$$;

comment on function public.list_subscription_plans(boolean, text, text, integer, text) is
    'Plans, oldest first. is_active, interval, currency: only plans with this value. page_size: rows, 50 unless'
    ' given, at most 1000. page_token: next_page_token of the page before. Raises TN001, TN003.';
revoke all on function public.list_subscription_plans from public, anon, authenticated, service_role;
grant execute on function public.list_subscription_plans to authenticated, service_role;
