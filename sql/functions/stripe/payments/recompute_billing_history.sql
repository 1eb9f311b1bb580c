-- Writes the billing history of a payment from build_stripe_bills(). A record of a payment intent is deleted once the
-- invoice that it pays is known.
--
-- Stripe's amounts can be larger than the columns, for example in IDR. Then the columns have the largest number, and
-- stripe in the metadata has the exact amounts.
--
-- p_ids: the objects of the payment, from payment_object_ids().
-- Locks: none of its own. The caller holds the account's lock and has called recompute_purchase().
create or replace function tenantry.recompute_billing_history(p_organization_id uuid, p_ids text[]) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    c_most constant bigint := 2147483647;
    v_bill record;
    v_id uuid;
    v_exact jsonb;
begin
    for v_bill in select * from tenantry.build_stripe_bills(p_organization_id, p_ids) loop
        v_exact := case
            when v_bill.amount > c_most then jsonb_build_object(
                'stripe', jsonb_build_object('amount', v_bill.amount, 'amount_refunded', v_bill.amount_refunded))
        end;
        v_bill.amount := least(v_bill.amount, c_most);
        v_bill.amount_refunded := least(v_bill.amount_refunded, c_most);
        if v_bill.invoice is not null then
            delete from public.billing_history as b
            where b.stripe_payment_intent_id = any (p_ids) and b.stripe_invoice_id is null
              and b.organization_id = p_organization_id;
        end if;
        select b.id into v_id
        from public.billing_history as b
        where b.organization_id = p_organization_id
          and (b.stripe_invoice_id = v_bill.invoice
              or v_bill.invoice is null and b.stripe_invoice_id is null
                  and b.stripe_payment_intent_id = v_bill.payment_intent);
        if not found then
            insert into public.billing_history (
                organization_id, stripe_invoice_id, stripe_payment_intent_id, amount, amount_refunded, currency, status,
                description, invoice_url, receipt_url, billing_reason, metadata, paid_at, created_at
            )
            values (
                p_organization_id, v_bill.invoice, v_bill.payment_intent, v_bill.amount, v_bill.amount_refunded,
                v_bill.currency, v_bill.status, v_bill.description, v_bill.invoice_url, v_bill.receipt_url,
                v_bill.billing_reason, v_exact, v_bill.paid_at, v_bill.created_at
            );
        else
            -- An update of equal values would add a line to the audit log for every delivery.
            update public.billing_history as b
            set stripe_payment_intent_id = v_bill.payment_intent, amount = v_bill.amount,
                amount_refunded = v_bill.amount_refunded, currency = v_bill.currency, status = v_bill.status,
                description = v_bill.description, invoice_url = v_bill.invoice_url, receipt_url = v_bill.receipt_url,
                billing_reason = v_bill.billing_reason,
                metadata = nullif(coalesce(b.metadata - 'stripe', '{}') || coalesce(v_exact, '{}'), '{}'),
                paid_at = v_bill.paid_at, created_at = v_bill.created_at
            where b.id = v_id
              and (
                  b.stripe_payment_intent_id, b.amount, b.amount_refunded, b.currency, b.status, b.description,
                  b.invoice_url, b.receipt_url, b.billing_reason, b.metadata -> 'stripe', b.paid_at, b.created_at
              ) is distinct from (
                  v_bill.payment_intent, v_bill.amount, v_bill.amount_refunded, v_bill.currency, v_bill.status,
                  v_bill.description, v_bill.invoice_url, v_bill.receipt_url, v_bill.billing_reason,
                  v_exact -> 'stripe', v_bill.paid_at, v_bill.created_at
              );
        end if;
    end loop;
end
$$;

comment on function tenantry.recompute_billing_history(uuid, text[]) is
    'Writes the billing history of a payment. The caller holds the account''s lock.';
revoke all on function tenantry.recompute_billing_history from public, anon, authenticated, service_role;
