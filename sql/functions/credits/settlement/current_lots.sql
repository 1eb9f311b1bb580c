-- The lots of an account in which nothing has fallen due, as nearly always: only what is not allocated yet comes off.
--
-- p_account: the organization's row. It pins no search_path, so that a query that asks it has it for a part of its own
-- plan.
create or replace function tenantry.current_lots(p_account public.organizations)
returns setof tenantry.credit_lots
language sql stable
begin atomic
    select
        l.organization_id, l.id, l.transaction_type, l.source, l.source_id, l.amount,
        l.remaining - coalesce(s.balance_to - s.balance_from, 0), l.priority, l.effective_at, l.expires_at,
        l.entry_number, l.expired_at, l.stripe_payment_intent_id, l.description, l.metadata, l.idempotency_key
    from tenantry.credit_lots as l
    left join tenantry.unsettled_spans(p_account) as s on s.lot_id = l.id
    where l.organization_id = p_account.id and l.remaining > 0 and l.entry_number is not null;
end;

comment on function tenantry.current_lots(public.organizations) is
    'What is left of the organization''s lots now, if nothing has fallen due.';
revoke all on function tenantry.current_lots from public, anon, authenticated, service_role;
