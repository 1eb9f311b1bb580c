-- Who may touch public.permissions directly.
revoke all on public.permissions from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.permissions to service_role;
