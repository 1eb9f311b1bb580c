-- Who may touch public.role_permissions directly.
revoke all on public.role_permissions from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.role_permissions to service_role;
