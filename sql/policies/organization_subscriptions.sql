-- Who may touch public.organization_subscriptions directly: it is written by functions only.
revoke all on public.organization_subscriptions from public, anon, authenticated, service_role;
grant select on public.organization_subscriptions to service_role;
