drop table tenantry.granted_credits;
drop table tenantry.subscription_transitions;
drop index public.organization_subscriptions_created_at_idx;
drop index public.organization_subscriptions_stripe_customer_id_idx;
drop index public.organization_subscriptions_live_key;
alter table public.organization_subscriptions
    drop column ended_at,
    drop column past_due_at,
    drop column billing_anchor,
    drop column pending_plan_id;
comment on column public.organization_subscriptions.cancel_at_period_end is null;
comment on column public.organization_subscriptions.stripe_customer_id is null;
