-- Sets the automatic top-up of an organization: when its balance falls below a threshold, it buys a product. If the
-- balance is below the threshold already, it buys the product at once.
--
-- Locks: the organization's row, whose account it settles first.
-- Raises: TN001, TN002, TN046 (inactive product), 42501.
-- Callers: holders of billing:manage in the organization.
create or replace function tenantry.set_auto_top_up(
    p_organization_id uuid,
    p_credit_product text,
    p_threshold integer,
    p_monthly_cap integer
) returns public.auto_top_up
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_product public.credit_products;
    v_account public.organizations;
begin
    perform tenantry.authorize_billing(p_organization_id);
    v_product := tenantry.find_credit_product_for_sale(p_credit_product);
    if p_threshold is null or p_threshold <= 0 then
        perform tenantry.fail_invalid('threshold', 'must be greater than 0');
    elsif p_threshold > v_product.credit_amount then
        -- One purchase then always lifts the account above the threshold.
        perform tenantry.fail_invalid(
            'threshold', format('must be at most the %s credits that one purchase brings', v_product.credit_amount));
    elsif p_monthly_cap is null or p_monthly_cap <= 0 then
        perform tenantry.fail_invalid('monthly_cap', 'must be greater than 0');
    end if;
    perform tenantry.lock_account(p_organization_id);
    insert into tenantry.auto_top_ups as t (organization_id, credit_product_id, monthly_cap)
    values (p_organization_id, v_product.id, p_monthly_cap)
    on conflict (organization_id) do update
    set credit_product_id = excluded.credit_product_id, monthly_cap = excluded.monthly_cap, updated_at = now();
    update public.organizations as o
    set auto_top_up_threshold = p_threshold
    where o.id = p_organization_id
    returning * into v_account;
    if v_account.credit_balance < p_threshold then
        perform tenantry.request_top_up(p_organization_id);
    end if;
    return tenantry.present_auto_top_up(p_organization_id);
end
$$;

comment on function tenantry.set_auto_top_up(uuid, text, integer, integer) is
    'Checks billing:manage and the product, sets the automatic top-up, and buys at once if credits are low.';
revoke all on function tenantry.set_auto_top_up from public, anon, authenticated, service_role;
grant execute on function tenantry.set_auto_top_up to authenticated, service_role;

create or replace function public.set_auto_top_up(
    organization_id uuid default null,
    credit_product text default null,
    threshold integer default null,
    monthly_cap integer default null
) returns public.auto_top_up
language sql volatile
return tenantry.set_auto_top_up(organization_id, credit_product, threshold, monthly_cap);

comment on function public.set_auto_top_up(uuid, text, integer, integer) is
    'Sets the automatic top-up of an organization: it buys credit_product when its balance falls below threshold, or'
    ' at once if it is below. threshold: at most the credits of one purchase. monthly_cap: the most payments, and the'
    ' most failed attempts, in a calendar month (UTC). Stripe charges the payment method that it keeps. Raises TN001,'
    ' TN002, TN046 (inactive product), 42501.';
revoke all on function public.set_auto_top_up from public, anon, authenticated, service_role;
grant execute on function public.set_auto_top_up to authenticated, service_role;
