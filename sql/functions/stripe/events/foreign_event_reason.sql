-- Returns the reason that an event is not about this account at Stripe in its mode; null if it is.
--
-- A platform with Stripe Connect can get the events of connected accounts at the same address. They name the account.
create or replace function tenantry.foreign_event_reason(p_event tenantry.stripe_events) returns text
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select case
        when coalesce(p_event.payload ->> 'account', '') <> ''
            then 'it is of the connected account ' || left(p_event.payload ->> 'account', 100)
        when exists (
            select from tenantry.settings as s
            where s.name = 'stripe_livemode' and s.value >= 0 and (s.value = 1) <> p_event.livemode
        ) then case when p_event.livemode then 'it is of live mode' else 'it is of test mode' end
    end;
end;

comment on function tenantry.foreign_event_reason(tenantry.stripe_events) is
    'The reason that an event is not about this account at Stripe in its mode; null if it is.';
revoke all on function tenantry.foreign_event_reason from public, anon, authenticated, service_role;
