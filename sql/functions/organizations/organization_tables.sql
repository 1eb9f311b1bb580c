-- Returns the tables with data of organizations, each with the condition for the rows of the organization $1 and the
-- columns that an export leaves out. A table comes after the tables to which it refers.
create or replace function tenantry.organization_tables(
    out place integer,
    out name text,
    out condition text,
    out secrets text[]
) returns setof record
language sql immutable
set search_path = pg_catalog, pg_temp
begin atomic
    select
        row_number() over ()::integer,
        t.name,
        coalesce(t.condition, 't.organization_id = $1'),
        coalesce(t.secrets::text[], '{}')
    from (values
        ('tenantry.audit_log', null, null),
        ('public.organizations', 't.id = $1', null),
        ('public.roles', null, null),
        ('public.role_permissions',
            't.role_id in (select r.id from public.roles as r where r.organization_id = $1)', null),
        ('public.user_roles', null, null),
        ('tenantry.invitations', null, '{token_hash}'),
        ('tenantry.events', null, null),
        ('tenantry.stripe_customers', null, null),
        ('tenantry.stripe_requests', null, null),
        ('tenantry.stripe_events', null, null),
        ('tenantry.stripe_objects',
            't.customer in (select c.stripe_customer_id from tenantry.stripe_customers as c'
            ' where c.organization_id = $1)', null),
        ('tenantry.stripe_plan_lines',
            't.subscription in (select o.id from tenantry.stripe_objects as o'
            ' join tenantry.stripe_customers as c on c.stripe_customer_id = o.customer'
            ' where c.organization_id = $1 and o.object = ''subscription'')', null),
        ('tenantry.auto_top_ups', null, null),
        ('tenantry.used_trials', null, null),
        ('tenantry.credit_purchases', null, null),
        ('public.organization_subscriptions', null, null),
        ('public.billing_history', null, null),
        ('tenantry.requests', null, '{fingerprint}'),
        ('tenantry.granted_credits', null, null),
        ('tenantry.settlement_failures', null, null),
        ('tenantry.credit_usage_progress', null, null),
        ('tenantry.credit_usage', null, null),
        ('public.credit_transactions', null, null),
        ('tenantry.pending_grants', null, null),
        ('tenantry.credit_holds', null, null),
        ('tenantry.credit_lots', null, null),
        ('tenantry.credit_allocations', null, null),
        ('tenantry.credit_revocations', null, null)
    ) as t (name, condition, secrets);
end;

comment on function tenantry.organization_tables() is
    'The tables with data of organizations, each with the condition for the rows of the organization $1.';
revoke all on function tenantry.organization_tables from public, anon, authenticated, service_role;
