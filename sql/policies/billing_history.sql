-- Who may touch public.billing_history directly: it is written by functions only.
revoke all on public.billing_history from public, anon, authenticated, service_role;
grant select on public.billing_history to service_role;
