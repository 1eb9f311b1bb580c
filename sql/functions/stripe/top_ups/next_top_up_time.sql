-- Returns the time before which no automatic top-up is tried again with a payment method; null for no such time.
--
-- Each failed attempt since the last payment doubles the wait: one hour after the first, at most one day. Another
-- payment method starts without a wait.
create or replace function tenantry.next_top_up_time(
    p_organization_id uuid,
    p_payment_method text
) returns timestamptz
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select max(r.finished_at) + least(interval '1 hour' * 2 ^ least(count(*) - 1, 10), interval '1 day')
    from tenantry.stripe_requests as r
    where r.organization_id = p_organization_id
      and r.operation = 'auto_top_up'
      and r.state = 'failed'
      and r.params ->> 'payment_method' = p_payment_method
      and not exists (
          select from tenantry.stripe_requests as later
          where later.organization_id = p_organization_id and later.operation = 'auto_top_up'
            and later.state = 'succeeded' and later.created_at > r.created_at
      );
end;

comment on function tenantry.next_top_up_time(uuid, text) is
    'The time before which no automatic top-up is tried again with this payment method, because it failed.';
revoke all on function tenantry.next_top_up_time from public, anon, authenticated, service_role;
