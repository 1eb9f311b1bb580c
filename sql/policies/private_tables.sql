-- Only functions of this project read and write these tables and views. No role has a privilege on them.
revoke all on
    tenantry.audit_log,
    tenantry.auto_top_ups,
    tenantry.billing_transitions,
    tenantry.catalog_items,
    tenantry.credit_allocations,
    tenantry.credit_holds,
    tenantry.credit_lots,
    tenantry.credit_purchases,
    tenantry.credit_revocations,
    tenantry.credit_usage,
    tenantry.credit_usage_progress,
    tenantry.errors,
    tenantry.granted_credits,
    tenantry.invitations,
    tenantry.role_grants,
    tenantry.stripe_customers,
    tenantry.stripe_events,
    tenantry.stripe_objects,
    tenantry.stripe_requests,
    tenantry.subscription_transitions
from public, anon, authenticated, service_role;
