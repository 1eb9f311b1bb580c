-- Checks an id at Stripe. Only the plan or product of id <id> may have local:<id>, which stands for no id at Stripe.
--
-- p_id: the id of the plan or product.
--
-- Raises: TN001.
create or replace function tenantry.require_stripe_id(p_field text, p_value text, p_id text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform tenantry.require_text(p_field, p_value, 255);
    perform tenantry.require_pattern(p_field, p_value, '^[^[:space:]]+$', 'an id at Stripe');
    if tenantry.is_local_stripe_id(p_value) and p_value <> 'local:' || p_id then
        perform tenantry.fail_invalid(p_field, 'must be an id at Stripe');
    end if;
end
$$;

comment on function tenantry.require_stripe_id(text, text, text) is
    'Raises TN001 unless the text can be an id at Stripe of the plan or product p_id.';
revoke all on function tenantry.require_stripe_id from public, anon, authenticated, service_role;
