-- Returns the credits of a purchase that the customer keeps after refunds and disputes of its payment. The share of the
-- credits that is taken back is the share of the money that was given back, rounded down to whole credits.
--
-- p_credits: the bought credits.
-- p_ids: the objects of the payment, from payment_object_ids().
-- Returns p_credits if nothing was paid.
create or replace function tenantry.credits_kept_after_refund(p_credits integer, p_ids text[]) returns integer
language sql stable
set search_path = pg_catalog, pg_temp
as $$
select p_credits - coalesce(floor(p_credits * m.given_back::numeric / nullif(m.paid, 0)), 0)::integer
from tenantry.payment_totals(p_ids) as m;
$$;

comment on function tenantry.credits_kept_after_refund(integer, text[]) is
    'The credits of a purchase that the customer keeps after refunds and disputes of its payment.';
revoke all on function tenantry.credits_kept_after_refund from public, anon, authenticated, service_role;
