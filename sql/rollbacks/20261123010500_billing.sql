drop table tenantry.billing_transitions;
drop table public.billing_history;
drop table public.organization_subscriptions;
