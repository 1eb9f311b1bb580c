-- Lists subscriptions as they are now, oldest first, in keyset pages.
--
-- Raises: TN001, TN002 (unknown plan), TN003.
-- Callers: every signed-in user and the service role. It runs as the caller, so row-level security decides which
-- subscriptions exist for the caller.
create or replace function public.list_subscriptions(
    organization_id uuid default null,
    subscription_plan text default null,
    status text default null,
    period_ends_before timestamptz default null,
    page_size integer default null,
    page_token text default null,
    out subscriptions public.organization_subscriptions[],
    out next_page_token text
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_size integer := tenantry.resolve_page_size(page_size);
    v_plan_id uuid
        := case when subscription_plan is not null then (tenantry.find_subscription_plan(subscription_plan)).id end;
    v_scope text := format('subscriptions %s', jsonb_build_array(
        list_subscriptions.organization_id, v_plan_id, list_subscriptions.status, period_ends_before));
    v_after jsonb := tenantry.decode_page_token(page_token, v_scope);
    v_last public.organization_subscriptions;
begin
    select coalesce(array_agg(page.subscription), '{}') into subscriptions
    from (
        select now as subscription
        from public.organization_subscriptions as s
        cross join lateral tenantry.current_subscription(s.id) as now
        where (list_subscriptions.organization_id is null or s.organization_id = list_subscriptions.organization_id)
          and (v_plan_id is null or now.subscription_plan_id = v_plan_id)
          and (list_subscriptions.status is null or now.status = list_subscriptions.status)
          and (period_ends_before is null or now.current_period_end < period_ends_before)
          and (v_after is null or (s.created_at, s.id) > ((v_after ->> 0)::timestamptz, (v_after ->> 1)::uuid))
        order by s.created_at, s.id
        limit v_size + 1
    ) as page;
    v_size := tenantry.page_length(subscriptions, v_size);
    if cardinality(subscriptions) > v_size then
        subscriptions := subscriptions[:v_size];
        v_last := subscriptions[v_size];
        next_page_token := tenantry.encode_page_token(v_scope, jsonb_build_array(v_last.created_at, v_last.id));
    end if;
end
$$;

comment on function public.list_subscriptions(uuid, text, text, timestamptz, integer, text) is
    'Subscriptions as they are now, oldest first. Filters: organization_id, subscription_plan (id, name or Stripe'
    ' price), status, and period_ends_before for a current period that ends before that time. page_size: rows, 50'
    ' unless given, at most 1000. page_token: next_page_token of the page before. Raises TN001, TN002 (unknown plan),'
    ' TN003.';
revoke all on function public.list_subscriptions from public, anon, authenticated, service_role;
grant execute on function public.list_subscriptions to authenticated, service_role;
