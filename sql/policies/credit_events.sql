-- Who may touch public.credit_events directly.
revoke all on public.credit_events from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.credit_events to service_role;
