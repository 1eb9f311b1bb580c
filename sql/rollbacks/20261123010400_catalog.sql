drop view tenantry.catalog_items;
drop table public.credit_products;
drop table public.credit_events;
drop table public.subscription_plans;
