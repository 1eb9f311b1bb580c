-- Who may touch public.subscription_plans directly. Everybody sees what is active, and who has
-- another sees theirs.
revoke all on public.subscription_plans from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.subscription_plans to service_role;
grant select on public.subscription_plans to anon, authenticated;

drop policy if exists active_read on public.subscription_plans;
create policy active_read on public.subscription_plans for select to anon, authenticated
using (is_active);

drop policy if exists managers_read on public.subscription_plans;
create policy managers_read on public.subscription_plans for select to authenticated
using ((select tenantry.is_authorized('catalog:manage')));

drop policy if exists subscribers_read on public.subscription_plans;
create policy subscribers_read on public.subscription_plans for select to authenticated
using (id = any (array(select s.subscription_plan_id from public.organization_subscriptions as s)));
