-- Who may touch public.roles directly.
revoke all on public.roles from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.roles to service_role;
