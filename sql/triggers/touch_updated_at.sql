-- Sets updated_at to the present time, on every write through every door.
create or replace function tenantry.touch_updated_at() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    new.updated_at := clock_timestamp();
    return new;
end
$$;

comment on function tenantry.touch_updated_at() is 'Trigger: sets updated_at to the present time.';
revoke all on function tenantry.touch_updated_at from public, anon, authenticated, service_role;

-- On organizations only for the columns that people edit, because every consumption also updates the row.
create or replace trigger touch_updated_at
before update of name, description, slug, website, is_active on public.organizations
for each row execute function tenantry.touch_updated_at();

create or replace trigger touch_updated_at before update on public.permissions
for each row execute function tenantry.touch_updated_at();

create or replace trigger touch_updated_at before update on public.roles
for each row execute function tenantry.touch_updated_at();

create or replace trigger touch_updated_at before update on public.user_roles
for each row execute function tenantry.touch_updated_at();

create or replace trigger touch_updated_at before update on public.subscription_plans
for each row execute function tenantry.touch_updated_at();

create or replace trigger touch_updated_at before update on public.credit_events
for each row execute function tenantry.touch_updated_at();

create or replace trigger touch_updated_at before update on public.credit_products
for each row execute function tenantry.touch_updated_at();

create or replace trigger touch_updated_at before update on public.organization_subscriptions
for each row execute function tenantry.touch_updated_at();

create or replace trigger touch_updated_at before update on public.billing_history
for each row execute function tenantry.touch_updated_at();
