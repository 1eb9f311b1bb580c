-- Records a bill that Stripe has not reported, such as one paid by bank transfer. It moves no credits.
--
-- Locks: the organization's row, so that a request_id makes one record.
-- Raises: TN001, TN002, TN011 (request_id used with other arguments), 23505 (the invoice or payment is recorded
-- already), 42501.
-- Callers: holders of platform:bill in the organization.
create or replace function tenantry.create_billing_record(
    p_organization_id uuid,
    p_amount integer,
    p_currency text,
    p_status text,
    p_billing_reason text,
    p_description text,
    p_invoice_url text,
    p_receipt_url text,
    p_stripe_invoice_id text,
    p_stripe_payment_intent_id text,
    p_paid_at timestamptz,
    p_metadata jsonb,
    p_request_id text
) returns public.billing_history
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_status constant text := coalesce(p_status, 'pending');
    v_reason constant text := coalesce(p_billing_reason, 'manual');
    v_currency text;
    v_arguments jsonb;
    v_made uuid;
    v_record public.billing_history;
begin
    if p_organization_id is null then
        perform tenantry.fail_invalid('organization_id', 'is required');
    end if;
    perform tenantry.authorize('platform:bill', p_organization_id);
    if p_amount is null or p_amount <= 0 then
        perform tenantry.fail_invalid('amount', 'must be greater than 0');
    end if;
    v_currency := coalesce(tenantry.normalize_currency(p_currency), 'USD');
    perform tenantry.require_text('billing_reason', v_reason, 50, true);
    perform tenantry.require_pattern(
        'billing_reason', v_reason, '^[a-z][a-z0-9_]*$', 'lower case letters, digits and _, starting with a letter');
    perform tenantry.require_text('stripe_invoice_id', p_stripe_invoice_id, 255, p_stripe_invoice_id is not null);
    perform tenantry.require_text(
        'stripe_payment_intent_id', p_stripe_payment_intent_id, 255, p_stripe_payment_intent_id is not null);
    perform tenantry.require_text('request_id', p_request_id, 255, p_request_id is not null);
    perform tenantry.require_billing_fields(v_status, p_invoice_url, p_receipt_url, p_paid_at, p_metadata);

    perform from public.organizations where id = p_organization_id for no key update;
    if not found then
        perform tenantry.fail_not_found('organization', p_organization_id::text);
    end if;
    v_arguments := jsonb_build_object(
        'amount', p_amount, 'currency', v_currency, 'status', v_status, 'billing_reason', v_reason,
        'description', p_description, 'invoice_url', p_invoice_url, 'receipt_url', p_receipt_url,
        'stripe_invoice_id', p_stripe_invoice_id, 'stripe_payment_intent_id', p_stripe_payment_intent_id,
        'paid_at', extract(epoch from p_paid_at), 'metadata', p_metadata);
    v_made := tenantry.find_replayed_request(p_organization_id, p_request_id, 'create_billing_record', v_arguments);
    if v_made is not null then
        select * into v_record from public.billing_history where id = v_made;
        return v_record;
    end if;
    insert into public.billing_history (
        organization_id, amount, currency, status, billing_reason, description, invoice_url, receipt_url,
        stripe_invoice_id, stripe_payment_intent_id, paid_at, amount_refunded, metadata, idempotency_key
    )
    values (
        p_organization_id, p_amount, v_currency, v_status, v_reason, p_description, p_invoice_url, p_receipt_url,
        p_stripe_invoice_id, p_stripe_payment_intent_id,
        case when v_status in ('paid', 'refunded') then coalesce(p_paid_at, tenantry.clock()) end,
        case when v_status = 'refunded' then p_amount else 0 end,
        p_metadata, p_request_id
    )
    returning * into v_record;
    perform tenantry.record_request(
        p_organization_id, p_request_id, 'create_billing_record', v_arguments, v_record.id);
    return v_record;
end
$$;

comment on function tenantry.create_billing_record(
    uuid, integer, text, text, text, text, text, text, text, text, timestamptz, jsonb, text
) is 'Checks platform:bill and the fields, and inserts the record or returns the one with the same request_id.';
revoke all on function tenantry.create_billing_record from public, anon, authenticated, service_role;
grant execute on function tenantry.create_billing_record to authenticated, service_role;

create or replace function public.create_billing_record(
    organization_id uuid default null,
    amount integer default null,
    currency text default null,
    status text default null,
    billing_reason text default null,
    description text default null,
    invoice_url text default null,
    receipt_url text default null,
    stripe_invoice_id text default null,
    stripe_payment_intent_id text default null,
    paid_at timestamptz default null,
    metadata jsonb default null,
    request_id text default null
) returns public.billing_history
language sql volatile
return tenantry.create_billing_record(
    organization_id, amount, currency, status, billing_reason, description, invoice_url, receipt_url,
    stripe_invoice_id, stripe_payment_intent_id, paid_at, metadata, request_id);

comment on function public.create_billing_record(
    uuid, integer, text, text, text, text, text, text, text, text, timestamptz, jsonb, text
) is
    'Records a bill. amount: in minor units, above 0. currency: ISO 4217, USD unless given. status: pending unless'
    ' given, or paid, failed, refunded, void, uncollectible. billing_reason: manual unless given. paid_at: time of the'
    ' payment of a paid record, now unless given. stripe_invoice_id, stripe_payment_intent_id: the invoice or payment'
    ' at Stripe that the record follows. request_id: the same id makes one record and returns it again. Raises TN001,'
    ' TN002, TN011 (request_id used with other arguments), 23505 (the invoice or payment is recorded already), 42501.';
revoke all on function public.create_billing_record from public, anon, authenticated, service_role;
grant execute on function public.create_billing_record to authenticated, service_role;
