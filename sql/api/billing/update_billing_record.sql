-- Changes a billing record that does not follow Stripe: the status of its payment, the refunded amount, its texts.
--
-- amount_refunded is a total, so a repeated update refunds nothing twice. When all is refunded, the record becomes
-- refunded.
--
-- Locks: the record's row.
-- Raises: TN001, TN002, TN035 (transition not allowed), TN036 (it follows Stripe), 42501.
-- Callers: holders of platform:bill in the organization.
create or replace function tenantry.update_billing_record(
    p_organization_id uuid,
    p_billing_record_id uuid,
    p_status text,
    p_amount_refunded integer,
    p_description text,
    p_invoice_url text,
    p_receipt_url text,
    p_paid_at timestamptz,
    p_metadata jsonb,
    p_update_mask text[]
) returns public.billing_history
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_changes jsonb;
    v_old public.billing_history;
    v_new public.billing_history;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    elsif p_billing_record_id is null then
        perform tenantry.fail_invalid('billing_record_id', 'is required');
    end if;
    perform tenantry.authorize('platform:bill', p_organization_id);
    v_changes := tenantry.masked_values(p_update_mask, jsonb_build_object(
        'status', p_status, 'amount_refunded', p_amount_refunded, 'description', p_description,
        'invoice_url', p_invoice_url, 'receipt_url', p_receipt_url, 'paid_at', p_paid_at, 'metadata', p_metadata));
    if v_changes ? 'status' then
        perform tenantry.require_billing_fields(p_status, null, null, null, null);
    end if;
    select * into v_old
    from public.billing_history
    where organization_id = p_organization_id and id = p_billing_record_id
    for no key update;
    if not found then
        perform tenantry.fail_not_found('billing_record', p_billing_record_id::text);
    elsif num_nonnulls(v_old.stripe_invoice_id, v_old.stripe_payment_intent_id) > 0 then
        perform tenantry.fail(
            'TN036', 'the record follows Stripe', jsonb_strip_nulls(jsonb_build_object(
                'billing_record_id', v_old.id, 'stripe_invoice_id', v_old.stripe_invoice_id,
                'stripe_payment_intent_id', v_old.stripe_payment_intent_id)),
            'Change it at Stripe.');
    end if;

    v_new := jsonb_populate_record(v_old, v_changes);
    v_new.amount_refunded := case
        when v_new.status = 'refunded' and not v_changes ? 'amount_refunded' then v_old.amount
        else coalesce(v_new.amount_refunded, 0)
    end;
    if v_new.status = 'paid' and v_new.amount_refunded = v_old.amount and v_old.amount_refunded < v_old.amount then
        v_new.status := 'refunded';
    end if;

    -- The trigger checks this again. This check comes before those of the amounts, so its error comes first.
    perform tenantry.require_billing_transition(v_new, v_old.status);
    if v_new.amount_refunded > 0 and v_new.status not in ('paid', 'refunded') then
        perform tenantry.fail_invalid('amount_refunded', 'is for a paid record');
    elsif v_new.amount_refunded not between v_old.amount_refunded and v_old.amount then
        perform tenantry.fail_invalid(
            'amount_refunded',
            format(
                'must be %s to %s: from the amount refunded before to the whole amount', v_old.amount_refunded,
                v_old.amount));
    elsif v_new.status = 'refunded' and v_new.amount_refunded < v_old.amount then
        perform tenantry.fail_invalid('status', 'is refunded when all was given back');
    end if;
    perform tenantry.require_billing_fields(
        v_new.status, v_new.invoice_url, v_new.receipt_url, v_new.paid_at, v_new.metadata);

    update public.billing_history
    set status = v_new.status,
        amount_refunded = v_new.amount_refunded,
        description = v_new.description,
        invoice_url = v_new.invoice_url,
        receipt_url = v_new.receipt_url,
        paid_at = case
            when v_new.status in ('paid', 'refunded') then coalesce(v_new.paid_at, v_old.paid_at, tenantry.clock())
        end,
        metadata = v_new.metadata
    where organization_id = p_organization_id and id = v_old.id
    returning * into v_new;
    return v_new;
end
$$;

comment on function tenantry.update_billing_record(
    uuid, uuid, text, integer, text, text, text, timestamptz, jsonb, text[]
) is 'Checks platform:bill, the transition and the fields, and updates the record.';
revoke all on function tenantry.update_billing_record from public, anon, authenticated, service_role;
grant execute on function tenantry.update_billing_record to authenticated, service_role;

create or replace function public.update_billing_record(
    organization_id uuid default null,
    billing_record_id uuid default null,
    status text default null,
    amount_refunded integer default null,
    description text default null,
    invoice_url text default null,
    receipt_url text default null,
    paid_at timestamptz default null,
    metadata jsonb default null,
    update_mask text[] default null
) returns public.billing_history
language sql volatile
return tenantry.update_billing_record(
    organization_id, billing_record_id, status, amount_refunded, description, invoice_url, receipt_url, paid_at,
    metadata, update_mask);

comment on function public.update_billing_record(
    uuid, uuid, text, integer, text, text, text, timestamptz, jsonb, text[]
) is
    'Changes a billing record that does not follow Stripe. status: along the allowed transitions'
    ' (billing_transitions): from pending to paid, failed, void or uncollectible; from failed to paid, void or'
    ' uncollectible; from uncollectible to paid or void; from paid to refunded. amount_refunded: the total, up to the'
    ' amount. update_mask: the fields to set, unset ones among them to null; without a mask, the fields that have a'
    ' value. Raises TN001, TN002, TN035 (transition not allowed), TN036 (it follows Stripe), 42501.';
revoke all on function public.update_billing_record from public, anon, authenticated, service_role;
grant execute on function public.update_billing_record to authenticated, service_role;
