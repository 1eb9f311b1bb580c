-- Who may touch public.user_roles directly.
revoke all on public.user_roles from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.user_roles to service_role;
