-- Who may touch public.subscription_plans directly. Everybody sees what is active; who subscribes to a plan that is not
-- sold any more, or sees to the catalog, sees it too.
revoke all on public.subscription_plans from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.subscription_plans to service_role;
grant select on public.subscription_plans to anon, authenticated;

drop policy if exists anonymous_read on public.subscription_plans;
create policy anonymous_read on public.subscription_plans for select to anon
using (is_active);

drop policy if exists catalog_read on public.subscription_plans;
create policy catalog_read on public.subscription_plans for select to authenticated
using (
    is_active
    or (select tenantry.is_authorized('catalog:manage'))
    or id = any (array(select s.subscription_plan_id from public.organization_subscriptions as s))
);
