-- Who may touch public.subscription_plans directly. Everybody sees what is active.
revoke all on public.subscription_plans from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.subscription_plans to service_role;
grant select on public.subscription_plans to anon, authenticated;

drop policy if exists active_read on public.subscription_plans;
drop policy if exists managers_read on public.subscription_plans;
drop policy if exists catalog_read on public.subscription_plans;
create policy catalog_read on public.subscription_plans for select to anon, authenticated
using (is_active or (select tenantry.is_authorized('catalog:manage')));
