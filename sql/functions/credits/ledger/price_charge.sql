-- Returns the credits that a charge costs: a plain amount, or the cost of a credit event times a quantity.
--
-- p_credit_event: id or name; null for a plain amount. p_quantity: units of the event, 1 unless given. p_amount:
-- credits; null with an event.
-- Returns also whether the event is active. The caller looks for a replay before it refuses an inactive event, because
-- a repeated call must get its first answer again.
-- Raises: TN001, TN002 (unknown event).
create or replace function tenantry.price_charge(
    p_credit_event text,
    p_quantity integer,
    p_amount integer,
    out credit_event_id uuid,
    out quantity integer,
    out amount integer,
    out is_active boolean
)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_event public.credit_events;
begin
    if p_amount > 0 and p_credit_event is null and p_quantity is null then
        amount := p_amount;
        is_active := true;
        return;
    end if;
    if p_credit_event is null then
        if p_amount is null then
            perform tenantry.fail_invalid('amount', 'give either credit_event or amount');
        elsif p_amount <= 0 then
            perform tenantry.fail_invalid('amount', 'must be greater than 0');
        end if;
        perform tenantry.fail_invalid('quantity', 'goes with credit_event, not with amount');
    end if;
    if p_amount is not null then
        perform tenantry.fail_invalid('amount', 'give either credit_event or amount');
    elsif p_quantity <= 0 then
        perform tenantry.fail_invalid('quantity', 'must be greater than 0');
    end if;
    v_event := tenantry.find_credit_event(p_credit_event);
    credit_event_id := v_event.id;
    quantity := coalesce(p_quantity, 1);
    is_active := v_event.is_active;
    if quantity::bigint * v_event.credit_cost > 2147483647 then
        perform tenantry.fail_invalid(
            'quantity', format('%s units at %s credits are more than a charge can be', quantity, v_event.credit_cost));
    end if;
    amount := quantity * v_event.credit_cost;
end
$$;

comment on function tenantry.price_charge(text, integer, integer) is
    'Returns the credits that a plain amount, or a credit event times a quantity, costs. Raises TN001, TN002.';
revoke all on function tenantry.price_charge from public, anon, authenticated, service_role;
