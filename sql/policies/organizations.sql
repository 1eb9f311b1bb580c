-- Who may touch public.organizations directly. Balances move only through the ledger's functions, so what can be
-- written is granted column by column.
revoke all on public.organizations from public, anon, authenticated, service_role;
grant select, delete on public.organizations to service_role;
grant insert (id, name, description, slug, website, is_active) on public.organizations to service_role;
grant update (name, description, slug, website, is_active) on public.organizations to service_role;
