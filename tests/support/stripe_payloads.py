"""Objects and events as Stripe sends them, with all their fields: in the shape of 2017, and in the current one.

These fields moved in between. The period moved from the subscription to its items. On an invoice, the subscription
moved to `parent`, the payments to separate objects (`invoice_payment`), and the price of a line to `pricing`. An
invoice of 2017 had `closed` and `paid` for a status, and a subscription had a `plan` for prices.
"""

from typing import Any

Object = dict[str, Any]

OLD = "2017-08-15"
CURRENT = "2026-10-28.endive"
ERAS = (OLD, CURRENT)

MONTH = 30 * 24 * 3600
_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def event(era: str, kind: str, data: Object, created: int, number: int, previous: Object | None = None) -> Object:
    """An event; number makes its id."""
    body: Object = {"object": data}
    if previous is not None:
        body["previous_attributes"] = previous
    return {
        "id": f"evt_{number:024d}",
        "object": "event",
        "api_version": era,
        "created": created,
        "data": body,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }


def customer(era: str, name: str, created: int, metadata: Object | None = None) -> Object:
    """A customer."""
    common: Object = {
        "id": name,
        "object": "customer",
        "created": created,
        "currency": "usd",
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": f"{name}@example.com",
        "invoice_prefix": "8F3A21C",
        "livemode": False,
        "metadata": metadata or {},
        "shipping": None,
    }
    if era == OLD:
        return common | {
            "account_balance": 0,
            "business_vat_id": None,
            "sources": _list(f"/v1/customers/{name}/sources", []),
            "subscriptions": _list(f"/v1/customers/{name}/subscriptions", []),
        }
    return common | {
        "address": None,
        "balance": 0,
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "name": name,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": ["en"],
        "tax_exempt": "none",
        "test_clock": None,
    }


def product(name: str, created: int, active: bool = True) -> Object:
    """A product."""
    return {
        "id": name,
        "object": "product",
        "active": active,
        "created": created,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "name": name,
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": created,
        "url": None,
    }


def price(name: str, amount: int, created: int, *, product: str, recurring: bool = True, active: bool = True) -> Object:
    """A price, monthly if it recurs."""
    return {
        "id": name,
        "object": "price",
        "active": active,
        "billing_scheme": "per_unit",
        "created": created,
        "currency": "usd",
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": product,
        "recurring": {
            "interval": "month",
            "interval_count": 1,
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        }
        if recurring
        else None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if recurring else "one_time",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }


def plan(era: str, name: str, amount: int, created: int, product: str) -> Object:
    """A plan, which was the name of a price in 2017."""
    common: Object = {
        "id": name,
        "object": "plan",
        "amount": amount,
        "created": created,
        "currency": "usd",
        "interval": "month",
        "interval_count": 1,
        "livemode": False,
        "metadata": {},
        "trial_period_days": None,
    }
    if era == OLD:
        return common | {"name": name, "statement_descriptor": None}
    return common | {
        "active": True,
        "amount_decimal": str(amount),
        "billing_scheme": "per_unit",
        "meter": None,
        "nickname": None,
        "product": product,
        "tiers_mode": None,
        "transform_usage": None,
        "usage_type": "licensed",
    }


def subscription(
    era: str,
    name: str,
    *,
    customer: str,
    price_id: str,
    amount: int,
    status: str,
    created: int,
    period: tuple[int, int],
    metadata: Object | None = None,
    latest_invoice: str | None = None,
    **changes: Any,
) -> Object:
    """A subscription to one price. changes: any further fields, such as canceled_at."""
    start, end = period
    item: Object = {
        "id": f"si_{name}",
        "object": "subscription_item",
        "created": created,
        "metadata": {},
        "plan": plan(era, price_id, amount, created, f"prod_{price_id}"),
        "quantity": 1,
    }
    made: Object = {
        "id": name,
        "object": "subscription",
        "application_fee_percent": None,
        "billing_cycle_anchor": created,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "created": created,
        "customer": customer,
        "days_until_due": None,
        "ended_at": None,
        "livemode": False,
        "metadata": metadata or {},
        "status": status,
        "trial_end": None,
        "trial_start": None,
    }
    if era == OLD:
        made |= {
            "billing": "charge_automatically",
            "current_period_end": end,
            "current_period_start": start,
            "discount": None,
            "items": _list(f"/v1/subscription_items?subscription={name}", [item]),
            "plan": item["plan"],
            "quantity": 1,
            "start": created,
            "tax_percent": None,
        }
    else:
        item |= {
            "billed_until": None,
            "billing_thresholds": None,
            "current_period_end": end,
            "current_period_start": start,
            "current_trial": None,
            "discounts": [],
            "price": price(price_id, amount, created, product=f"prod_{price_id}"),
            "subscription": name,
            "tax_rates": [],
        }
        made |= {
            "application": None,
            "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
            "billing_cycle_anchor_config": None,
            "billing_mode": {
                "flexible": {"proration_discounts": "included"},
                "type": "flexible",
                "updated_at": created,
            },
            "billing_schedules": [],
            "billing_thresholds": None,
            "cancel_at": None,
            "cancellation_details": {"comment": None, "feedback": None, "reason": None},
            "collection_method": "charge_automatically",
            "currency": "usd",
            "customer_account": None,
            "default_payment_method": None,
            "default_source": None,
            "default_tax_rates": [],
            "description": None,
            "discounts": [],
            "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
            "items": _list(f"/v1/subscription_items?subscription={name}", [item]),
            "latest_invoice": latest_invoice,
            "next_pending_invoice_item_invoice": None,
            "on_behalf_of": None,
            "pause_collection": None,
            "payment_settings": {
                "payment_method_options": None,
                "payment_method_types": None,
                "save_default_payment_method": "off",
            },
            "pending_invoice_item_interval": None,
            "pending_setup_intent": None,
            "pending_update": None,
            "schedule": None,
            "start_date": created,
            "test_clock": None,
            "transfer_data": None,
            "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        }
    return made | changes


def line(
    era: str,
    name: str,
    *,
    price_id: str,
    amount: int,
    period: tuple[int, int],
    subscription: str | None = None,
    proration: bool = False,
    quantity: int = 1,
) -> Object:
    """A line of an invoice: of a subscription, or of a thing that is bought."""
    start, end = period
    made: Object = {
        "id": f"il_{name}",
        "object": "line_item",
        "amount": amount,
        "currency": "usd",
        "description": f"{quantity} × {price_id}",
        "discountable": not proration,
        "livemode": False,
        "metadata": {},
        "period": {"end": end, "start": start},
        "quantity": quantity,
    }
    if era == OLD:
        is_item = subscription is None or proration
        made |= {
            "id": f"ii_{name}" if is_item else subscription,
            "plan": plan(era, price_id, amount, start, f"prod_{price_id}") if subscription else None,
            "proration": proration,
            "subscription": subscription if is_item else None,
            "subscription_item": f"si_{subscription}" if subscription else None,
            "type": "invoiceitem" if is_item else "subscription",
        }
        if subscription is None:
            made["price"] = price(price_id, amount, start, product=f"prod_{price_id}", recurring=False)
        return made
    if subscription and not proration:
        parent: Object = {
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": False,
                "proration_details": {"credited_items": None},
                "subscription": subscription,
                "subscription_item": f"si_{subscription}",
            },
            "type": "subscription_item_details",
        }
    else:
        parent = {
            "invoice_item_details": {
                "invoice_item": f"ii_{name}",
                "proration": proration,
                "proration_details": {"credited_items": None},
                "subscription": subscription,
            },
            "subscription_item_details": None,
            "type": "invoice_item_details",
        }
    return made | {
        "discount_amounts": [],
        "discounts": [],
        "invoice": None,
        "parent": parent,
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price_id, "product": f"prod_{price_id}"},
            "type": "price_details",
            "unit_amount_decimal": str(amount),
        },
        "quantity_decimal": str(quantity),
        "subscription": subscription,
        "subtotal": amount,
        "taxes": [],
    }


def invoice(
    era: str,
    name: str,
    *,
    customer: str,
    lines: list[Object],
    status: str,
    created: int,
    subscription: str | None = None,
    reason: str = "subscription_cycle",
    payment_intent: str | None = None,
    charge: str | None = None,
    attempts: int = 0,
    paid_at: int | None = None,
    metadata: Object | None = None,
    subscription_metadata: Object | None = None,
    expand_payments: bool = False,
) -> Object:
    """An invoice over its lines. expand_payments: with its payments, which Stripe includes on request."""
    total = sum(item["amount"] for item in lines)
    due = max(total, 0)
    paid = due if status == "paid" else 0
    starts, ends = [item["period"]["start"] for item in lines], [item["period"]["end"] for item in lines]
    made: Object = {
        "id": name,
        "object": "invoice",
        "amount_due": due,
        "attempt_count": attempts,
        "attempted": attempts > 0,
        "currency": "usd",
        "customer": customer,
        "description": None,
        "due_date": None,
        "ending_balance": min(total, 0) if status != "draft" else None,
        "lines": _list(f"/v1/invoices/{name}/lines", [item | {"invoice": name} for item in lines]),
        "livemode": False,
        "metadata": metadata or {},
        "next_payment_attempt": created + 3600 if status == "draft" else None,
        "number": f"8F3A21C-{name}" if status != "draft" else None,
        "period_end": max(ends),
        "period_start": min(starts),
        "receipt_number": None,
        "starting_balance": 0,
        "statement_descriptor": None,
        "subtotal": total,
        "total": total,
        "webhooks_delivered_at": created,
    }
    if era == OLD:
        return made | {
            "application_fee": None,
            "billing": "charge_automatically",
            "charge": charge,
            "closed": status in ("paid", "void", "uncollectible"),
            "date": created,
            "discount": None,
            "forgiven": status == "uncollectible",
            "paid": status == "paid",
            "payment_intent": payment_intent,
            "subscription": subscription,
            "tax": None,
            "tax_percent": None,
        }
    return (
        made
        | {
            "account_country": "US",
            "account_name": "Example",
            "account_tax_ids": None,
            "amount_overpaid": 0,
            "amount_paid": paid,
            "amount_paid_off_stripe": 0,
            "amount_remaining": due - paid,
            "amount_shipping": 0,
            "application": None,
            "auto_advance": status in ("draft", "open"),
            "automatic_tax": {
                "disabled_reason": None,
                "enabled": False,
                "liability": None,
                "provider": None,
                "status": None,
            },
            "automatically_finalizes_at": created + 3600 if status == "draft" else None,
            "billing_reason": reason,
            "collection_method": "charge_automatically",
            "created": created,
            "custom_fields": None,
            "customer_account": None,
            "customer_address": None,
            "customer_email": f"{customer}@example.com",
            "customer_name": customer,
            "customer_phone": None,
            "customer_shipping": None,
            "customer_tax_exempt": "none",
            "customer_tax_ids": [],
            "default_payment_method": None,
            "default_source": None,
            "default_tax_rates": [],
            "discounts": [],
            "effective_at": created if status != "draft" else None,
            "footer": None,
            "from_invoice": None,
            "hosted_invoice_url": f"https://invoice.stripe.com/i/acct_1/{name}" if status != "draft" else None,
            "invoice_pdf": f"https://pay.stripe.com/invoice/acct_1/{name}/pdf" if status != "draft" else None,
            "issuer": {"type": "self"},
            "last_finalization_error": None,
            "latest_revision": None,
            "on_behalf_of": None,
            "parent": {
                "quote_details": None,
                "subscription_details": {"metadata": subscription_metadata or {}, "subscription": subscription},
                "type": "subscription_details",
            }
            if subscription
            else None,
            "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
            "post_payment_credit_notes_amount": 0,
            "pre_payment_credit_notes_amount": 0,
            "rendering": None,
            "shipping_cost": None,
            "shipping_details": None,
            "status": status,
            "status_details": None,
            "status_transitions": {
                "finalized_at": created if status != "draft" else None,
                "marked_uncollectible_at": None,
                "paid_at": paid_at,
                "voided_at": None,
            },
            "subtotal_excluding_tax": total,
            "test_clock": None,
            "total_discount_amounts": [],
            "total_excluding_tax": total,
            "total_pretax_credit_amounts": [],
            "total_taxes": [],
        }
        | (
            {
                "payments": _list(
                    "/v1/invoice_payments",
                    [
                        invoice_payment(
                            f"inpay_{name}", invoice=name, payment_intent=payment_intent, amount=due, created=created
                        )
                    ],
                )
            }
            if expand_payments
            else {}
        )
    )


def invoice_payment(
    name: str, *, invoice: str, payment_intent: str | None, amount: int, created: int, status: str = "paid"
) -> Object:
    """The payment of an invoice, a separate object since 2025."""
    return {
        "id": name,
        "object": "invoice_payment",
        "amount_paid": amount if status == "paid" else None,
        "amount_requested": amount,
        "created": created,
        "currency": "usd",
        "invoice": invoice,
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": payment_intent, "type": "payment_intent"},
        "status": status,
        "status_transitions": {"canceled_at": None, "paid_at": created if status == "paid" else None},
    }


def payment_intent(
    era: str,
    name: str,
    *,
    customer: str,
    amount: int,
    status: str,
    created: int,
    invoice: str | None = None,
    charge: str | None = None,
    metadata: Object | None = None,
    error: str | None = None,
) -> Object:
    """A payment intent. error: the code of the attempt that failed last."""
    made: Object = {
        "id": name,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": amount if status == "succeeded" else 0,
        "application": None,
        "application_fee_amount": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": f"{name}_secret_1",
        "confirmation_method": "automatic",
        "created": created,
        "currency": "usd",
        "customer": customer,
        "description": None,
        "last_payment_error": {"code": error, "message": "Your card was declined.", "type": "card_error"}
        if error
        else None,
        "livemode": False,
        "metadata": metadata or {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": "pm_1" if status == "succeeded" else None,
        "payment_method_options": {"card": {"network": None, "request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": status,
        "transfer_data": None,
        "transfer_group": None,
    }
    if era == OLD:
        return made | {"charges": _list(f"/v1/charges?payment_intent={name}", []), "invoice": invoice}
    return made | {
        "amount_details": {"tip": {}},
        "automatic_payment_methods": None,
        "customer_account": None,
        "excluded_payment_method_types": None,
        "latest_charge": charge,
        "payment_details": {"customer_reference": None, "order_reference": invoice or name},
        "payment_method_configuration_details": None,
    }


def charge(
    era: str,
    name: str,
    *,
    customer: str,
    amount: int,
    created: int,
    payment_intent: str,
    invoice: str | None = None,
    refunds: list[Object] | None = None,
    disputed: bool = False,
    status: str = "succeeded",
    metadata: Object | None = None,
) -> Object:
    """A charge. refunds: all refunds of the charge so far; in the shape of 2017 the charge contains them."""
    refunded = sum(item["amount"] for item in refunds or [] if item["status"] == "succeeded")
    made: Object = {
        "id": name,
        "object": "charge",
        "amount": amount,
        "amount_refunded": refunded,
        "application": None,
        "application_fee": None,
        "balance_transaction": f"txn_{name}",
        "captured": status == "succeeded",
        "created": created,
        "currency": "usd",
        "customer": customer,
        "description": None,
        "failure_code": None if status == "succeeded" else "card_declined",
        "failure_message": None if status == "succeeded" else "Your card was declined.",
        "fraud_details": {},
        "livemode": False,
        "metadata": metadata or {},
        "on_behalf_of": None,
        "outcome": {
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "seller_message": "Payment complete.",
            "type": "authorized",
        },
        "paid": status == "succeeded",
        "payment_intent": payment_intent,
        "receipt_email": None,
        "receipt_number": None,
        "refunded": refunded == amount,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "status": status,
        "transfer_group": None,
    }
    if era == OLD:
        return made | {
            "destination": None,
            "dispute": f"dp_{name}" if disputed else None,
            "invoice": invoice,
            "order": None,
            "refunds": _list(f"/v1/charges/{name}/refunds", refunds or []),
            "source": {"id": "card_1", "object": "card", "brand": "Visa", "last4": "4242"},
        }
    return made | {
        "amount_captured": amount if status == "succeeded" else 0,
        "application_fee_amount": None,
        "billing_details": {"address": _ADDRESS, "email": None, "name": None, "phone": None, "tax_id": None},
        "calculated_statement_descriptor": "EXAMPLE",
        "disputed": disputed,
        "failure_balance_transaction": None,
        "payment_method": "pm_1",
        "payment_method_details": {"card": {"brand": "visa", "last4": "4242"}, "type": "card"},
        "presentment_details": None,
        "radar_options": {},
        "receipt_url": f"https://pay.stripe.com/receipts/{name}",
        "source": None,
        "statement_descriptor_suffix": None,
        "transfer_data": None,
    }


def refund(
    era: str, name: str, *, charge: str, payment_intent: str, amount: int, created: int, status: str = "succeeded"
) -> Object:
    """A refund."""
    made: Object = {
        "id": name,
        "object": "refund",
        "amount": amount,
        "balance_transaction": f"txn_{name}",
        "charge": charge,
        "created": created,
        "currency": "usd",
        "metadata": {},
        "reason": "requested_by_customer",
        "receipt_number": None,
        "status": status,
    }
    if era == OLD:
        return made
    return made | {
        "description": None,
        "destination_details": {"card": {"reference_status": "pending", "type": "refund"}, "type": "card"},
        "failure_balance_transaction": None,
        "failure_reason": "lost_or_stolen_card" if status == "failed" else None,
        "payment_intent": payment_intent,
        "pending_reason": None,
        "source_transfer_reversal": None,
        "transfer_reversal": None,
    }


def dispute(era: str, name: str, *, charge: str, payment_intent: str, amount: int, created: int, status: str) -> Object:
    """A dispute."""
    made: Object = {
        "id": name,
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge,
        "created": created,
        "currency": "usd",
        "evidence": dict.fromkeys(("access_activity_log", "customer_name", "product_description", "receipt")),
        "evidence_details": {
            "due_by": created + 7 * 24 * 3600,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "reason": "fraudulent",
        "status": status,
    }
    if era == OLD:
        return made | {"balance_transaction": f"txn_{name}"}
    return made | {
        "enhanced_eligibility_types": [],
        "network_reason_code": "10.4",
        "payment_intent": payment_intent,
        "payment_method_details": {"card": {"brand": "visa", "case_type": "chargeback"}, "type": "card"},
    }


def credit_note(
    era: str,
    name: str,
    *,
    customer: str,
    invoice: str,
    amount: int,
    created: int,
    refund: str | None = None,
    status: str = "issued",
) -> Object:
    """A credit note for a paid invoice: by a refund, or else to the balance of the customer."""
    made: Object = {
        "id": name,
        "object": "credit_note",
        "amount": amount,
        "created": created,
        "currency": "usd",
        "customer": customer,
        "customer_balance_transaction": None if refund else f"cbtxn_{name}",
        "discount_amount": 0,
        "invoice": invoice,
        "lines": _list(f"/v1/credit_notes/{name}/lines", []),
        "livemode": False,
        "memo": None,
        "metadata": {},
        "number": f"8F3A21C-{name}",
        "out_of_band_amount": None,
        "pdf": f"https://pay.stripe.com/credit_notes/{name}/pdf",
        "reason": None,
        "status": status,
        "subtotal": amount,
        "total": amount,
        "type": "post_payment",
        "voided_at": None,
    }
    if era == OLD:
        return made | {"refund": refund}
    return made | {
        "effective_at": created,
        "post_payment_amount": amount,
        "pre_payment_amount": 0,
        "refunds": [{"amount_refunded": amount, "refund": refund, "type": "refund"}] if refund else [],
        "shipping_cost": None,
        "total_taxes": [],
    }


def checkout_session(
    era: str,
    name: str,
    *,
    customer: str,
    mode: str,
    amount: int,
    created: int,
    status: str = "complete",
    payment_status: str = "paid",
    subscription: str | None = None,
    payment_intent: str | None = None,
    invoice: str | None = None,
    metadata: Object | None = None,
) -> Object:
    """A checkout session. There were none in 2017: an account of that version gets those of 2019."""
    made: Object = {
        "id": name,
        "object": "checkout.session",
        "amount_subtotal": amount,
        "amount_total": amount,
        "billing_address_collection": None,
        "cancel_url": "https://example.com/cancel",
        "client_reference_id": None,
        "currency": "usd",
        "customer": customer,
        "customer_email": None,
        "livemode": False,
        "locale": None,
        "metadata": metadata or {},
        "mode": mode,
        "payment_intent": payment_intent,
        "payment_method_types": ["card"],
        "payment_status": payment_status,
        "setup_intent": None,
        "submit_type": None,
        "subscription": subscription,
        "success_url": "https://example.com/success",
    }
    if era == OLD:
        return made
    return made | {
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": None,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "branding_settings": None,
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": created,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer_account": None,
        "customer_creation": None,
        "customer_details": {"address": _ADDRESS, "email": None, "name": None, "phone": None, "tax_exempt": "none"},
        "discounts": [],
        "expires_at": created + 24 * 3600,
        "invoice": invoice,
        "invoice_creation": {"enabled": invoice is not None, "invoice_data": {"metadata": metadata or {}}}
        if mode == "payment"
        else None,
        "origin_context": None,
        "payment_link": None,
        "payment_method_collection": "always",
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": status,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted",
        "url": None,
        "wallet_options": None,
    }


def _list(url: str, data: list[Object]) -> Object:
    return {"object": "list", "data": data, "has_more": False, "total_count": len(data), "url": url}
