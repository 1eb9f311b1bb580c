-- Direct access to public.subscription_plans: every role reads active plans. Members read the plans of their
-- subscriptions, and users with catalog:manage read all plans.
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

drop policy if exists service on public.subscription_plans;
create policy service on public.subscription_plans to service_role using (true) with check (true);
