-- Raises an error for a plan or product that has no price at Stripe.
--
-- Raises: TN045.
create or replace function tenantry.require_stripe_price(p_stripe_price_id text, p_name text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if tenantry.is_local_stripe_id(p_stripe_price_id) then
        perform tenantry.fail(
            'TN045', format('"%s" has no price at Stripe', p_name), jsonb_build_object('name', p_name),
            'Sync the catalog to Stripe first.');
    end if;
end
$$;

comment on function tenantry.require_stripe_price(text, text) is
    'Raises TN045 if a plan or product has no price at Stripe.';
revoke all on function tenantry.require_stripe_price from public, anon, authenticated, service_role;
