-- Builds the metadata of every object at Stripe that belongs to one purchase of credits. The first object that arrives
-- then tells the purchased product, and all of them tell that they are one purchase.
create or replace function tenantry.build_purchase_metadata(
    p_organization_id uuid,
    p_credit_product_id uuid,
    p_quantity integer,
    p_billing_reason text
) returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
return jsonb_build_object(
    'tenantry_organization_id', p_organization_id,
    'tenantry_purchase_id', tenantry.uuid_v7(),
    'tenantry_credit_product_id', p_credit_product_id,
    'tenantry_quantity', p_quantity::text,
    'tenantry_billing_reason', p_billing_reason
);

comment on function tenantry.build_purchase_metadata(uuid, uuid, integer, text) is
    'Metadata, with a new purchase id, for the objects at Stripe that a purchase of credits makes.';
revoke all on function tenantry.build_purchase_metadata from public, anon, authenticated, service_role;
