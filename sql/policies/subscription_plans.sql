-- Who may touch public.subscription_plans directly.
revoke all on public.subscription_plans from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.subscription_plans to service_role;
