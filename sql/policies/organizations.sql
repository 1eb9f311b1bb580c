-- Direct access to public.organizations: members read their organizations, and edit the columns that need no rule.
--
-- Balances change only through the ledger's functions, so writes are granted column by column. Every reader of an
-- organization sees its balance, because column privileges belong to a database role and cannot depend on the tenant.
revoke all on public.organizations from public, anon, authenticated, service_role;
grant select, delete on public.organizations to service_role;
grant insert (id, name, description, slug, website, is_active) on public.organizations to service_role;
grant update (name, description, slug, website, is_active, low_balance_threshold)
    on public.organizations to service_role;
grant select on public.organizations to authenticated;
grant update (name, description, website) on public.organizations to authenticated;

drop policy if exists members_read on public.organizations;
create policy members_read on public.organizations for select to authenticated
using (id = any ((select tenantry.allowed_organizations('organizations:read'))::uuid[]));

drop policy if exists members_update on public.organizations;
create policy members_update on public.organizations for update to authenticated
using (id = any ((select tenantry.allowed_organizations('organizations:update'))::uuid[])
    and (is_active or id = any ((select tenantry.allowed_organizations('organizations:suspend'))::uuid[])));

drop policy if exists service on public.organizations;
create policy service on public.organizations to service_role using (true) with check (true);
