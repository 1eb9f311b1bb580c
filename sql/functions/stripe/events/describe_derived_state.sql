-- Describes in words the state of an organization that is derived from Stripe: subscriptions, bills and granted
-- credits, each with its name. reconcile_stripe() compares it before and after.
create or replace function tenantry.describe_derived_state(
    p_organization_id uuid,
    out kind text,
    out name text,
    out state text
) returns setof record
language sql stable
set search_path = pg_catalog, pg_temp
begin atomic
    select
        'subscription', s.stripe_subscription_id::text,
        format(
            '%s %s until %s%s', coalesce(p.name, 'of an unknown plan'), s.status,
            to_char(s.current_period_end at time zone 'UTC', 'YYYY-MM-DD HH24:MI'),
            case when s.cancel_at_period_end then ', then cancelled' end)
    from public.organization_subscriptions as s
    left join public.subscription_plans as p on p.id = s.subscription_plan_id
    where s.organization_id = p_organization_id and s.stripe_subscription_id is not null
    union all
    select
        'bill', coalesce(b.stripe_invoice_id, b.stripe_payment_intent_id)::text,
        format('%s %s %s, %s given back', b.status, b.amount, b.currency, b.amount_refunded)
    from public.billing_history as b
    where b.organization_id = p_organization_id
      and coalesce(b.stripe_invoice_id, b.stripe_payment_intent_id) is not null
    union all
    select
        'credits',
        format('%s %s', g.source, to_char(g.starts_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI')),
        sum(g.credits)::text
    from tenantry.granted_credits as g
    where g.organization_id = p_organization_id
    group by g.source, g.starts_at;
end;

comment on function tenantry.describe_derived_state(uuid) is
    'Subscriptions at Stripe, bills and granted credits of an organization, in words, for comparison.';
revoke all on function tenantry.describe_derived_state from public, anon, authenticated, service_role;
