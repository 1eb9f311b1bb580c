-- Returns the credits that a line of an invoice brings to a credit period: those of its plan, times its quantity, for
-- the share of the period that it covers and the share of its money that was kept. Below 0 for a line that gives money
-- back.
--
-- p_full: the seconds of the whole period of which the credit period is one, or a part.
create or replace function tenantry.plan_line_credits(
    p_line tenantry.stripe_plan_lines,
    p_starts_at timestamptz,
    p_ends_at timestamptz,
    p_full numeric
) returns numeric
language sql stable
set search_path = pg_catalog, pg_temp
return case when p_line.is_refund then -1 else 1 end * p_line.included_credits::numeric * p_line.quantity
    * p_line.kept_share * greatest(
        extract(epoch from p_ends_at - greatest(p_starts_at, p_line.period_start)), 0) / p_full;

comment on function tenantry.plan_line_credits(
    tenantry.stripe_plan_lines, timestamptz, timestamptz, numeric
) is 'The credits that a line of an invoice brings to a credit period; below 0 for money that goes back.';
revoke all on function tenantry.plan_line_credits from public, anon, authenticated, service_role;
