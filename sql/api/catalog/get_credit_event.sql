-- Returns a credit event by id or name. Runs as the caller.
--
-- Raises: TN001, TN002.
-- Callers: any signed-in user, and the service.
create or replace function public.get_credit_event(credit_event text default null) returns public.credit_events
language sql stable
return tenantry.find_credit_event(credit_event);

comment on function public.get_credit_event(text) is
    'The credit event of that id or name. Raises TN001 (none given), TN002.';
revoke all on function public.get_credit_event from public, anon, authenticated, service_role;
grant execute on function public.get_credit_event to authenticated, service_role;
